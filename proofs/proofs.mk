# SPDX-License-Identifier: Apache-2.0
# make prove         everything, with the provers where the cache has no answer; fails on one open goal or contradiction
# make prove-fresh   the same without a cache
# make prove-replay  what is recorded as proved, each goal's verdict from the committed cache; certify uses it
# make prove-cached  the same for what changed since its record; what did not stands as recorded; CI uses it
# make mutants       seeded faults in src/ that must break a proof
include proofs/coq/coq.mk

.PHONY: prove prove-fresh prove-replay prove-cached prove-wp prove-smoke prove-setup mutants
prove-setup:
	sh tests/setup.sh prove
prove-coq: prove-setup

# the count of assumptions; a ledger that does not begin with A1 must be refused
define assumptions
	! echo '| A2 | x |' | sh proofs/assumptions.sh /dev/stdin > /dev/null 2>&1
	sh proofs/assumptions.sh
endef
# the theory compiles while WP's goals are proved; the ties are checked while contradictions are looked for (prove-tie shows that they
# refuse faults). Three jobs: the setup that each part begins with takes the place of one.
together = $(MAKE) --no-print-directory -j3
prove: SMOKE := --cached
prove prove-fresh: prove-setup lib
	$(together) prove-coq prove-wp WP="$(WP)"
	$(together) prove-smoke $(ties) SMOKE="$(SMOKE)"
	$(assumptions)
prove-fresh: WP := --fresh
prove-replay: WP := --replay --recorded
prove-cached: WP := --cached --recorded
prove-replay prove-cached: prove-setup
	python3 proofs/wp/inputs.py --control
	$(together) prove-coq prove-wp WP="$(WP)"
	python3 proofs/wp/prove.py --smoke --cached --recorded
	python3 proofs/wp/mutants.py --check
	$(assumptions)
prove-wp: prove-setup
	python3 proofs/wp/prove.py $(WP)
prove-smoke: prove-setup
	python3 proofs/wp/prove.py --smoke $(SMOKE)
mutants: prove-setup
	python3 proofs/wp/mutants.py
