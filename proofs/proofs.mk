# SPDX-License-Identifier: Apache-2.0
# make prove         everything, with the provers where the cache has no answer; fails on one open goal or contradiction
# make prove-fresh   the same without a cache, but for prove-certificates, which has none
# make prove-replay  what is recorded as proved, each goal's verdict from the committed cache; certify uses it
# make prove-cached  the same for what changed since its record; what did not stands as recorded; CI uses it
# make prove-certificates  Coq checks Gappa's proofs; part of prove, and CI uses it
# make mutants       seeded faults in src/ that must break a proof
include proofs/coq/coq.mk

.PHONY: prove prove-fresh prove-replay prove-cached prove-wp prove-beside prove-smoke prove-certificates prove-setup mutants
prove-setup:
	sh tests/setup.sh prove
prove-coq: prove-setup

# the count of assumptions; a ledger that does not begin with A1, or has seven primitives, must be refused
define assumptions
	! echo '| A2 | x |' | sh proofs/assumptions.sh /dev/stdin > /dev/null 2>&1
	! sed 's/| asm, machine |/| primitive |/' specs/soundness.md | sh proofs/assumptions.sh /dev/stdin > /dev/null 2>&1
	sh proofs/assumptions.sh
endef
# What is not WP's goals goes beside them: the theory, then the search for contradictions and the ties (prove-tie shows that they refuse
# faults). Three jobs: the setup that each part begins with takes the place of one.
together = $(MAKE) --no-print-directory -j3
beside = $(B)/proofs/beside.log
prove: SMOKE := --cached
prove: certificates = $(MAKE) --no-print-directory prove-certificates
prove prove-fresh: prove-setup lib
	$(together) prove-wp prove-beside WP="$(WP)" SMOKE="$(SMOKE)"
	$(certificates)
	$(assumptions)
# its lines come all at once, so as not to be strewn over the table of the goals
prove-beside:
	mkdir -p $(B)/proofs
	{ $(MAKE) --no-print-directory prove-coq && $(MAKE) --no-print-directory prove-smoke $(ties); } > $(beside) 2>&1; s=$$?; cat $(beside); exit $$s
prove-fresh: WP := --fresh
prove-replay: WP := --replay
prove-cached: WP := --cached
# without the ties the verdicts say nothing of T6, T7g and T8j; CI has them from prove-tie
prove-replay: ties_too = $(MAKE) --no-print-directory lib $(ties) prove-certificates
prove-replay prove-cached: prove-setup
	python3 proofs/wp/inputs.py --control
	python3 proofs/wp/complete.py --control
	$(together) prove-coq prove-wp WP="$(WP)"
	$(ties_too)
	python3 proofs/wp/prove.py --smoke --cached
	python3 proofs/wp/mutants.py --check
	$(assumptions)
prove-wp: prove-setup
	python3 proofs/wp/prove.py $(WP)
prove-certificates: prove-setup
	python3 proofs/wp/certified.py --control
	python3 proofs/wp/certified.py --recorded
prove-smoke: prove-setup
	python3 proofs/wp/prove.py --smoke $(SMOKE)
mutants: prove-setup
	python3 proofs/wp/mutants.py
