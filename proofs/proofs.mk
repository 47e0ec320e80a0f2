# SPDX-License-Identifier: Apache-2.0
# make prove         everything, with the provers where the cache has no answer; fails on one open goal or contradiction
# make prove-fresh   the same without a cache
# make prove-cached  what is recorded as proved, from the committed cache; CI and certify use it
# make mutants       seeded faults in src/ that must break a proof
include proofs/coq/coq.mk

.PHONY: prove prove-fresh prove-cached prove-setup mutants
prove-setup:
	sh tests/setup.sh prove
prove-coq: prove-setup

# the count of assumptions; a ledger that does not begin with A1 must be refused
define assumptions
	! echo '| A2 | x |' | sh proofs/assumptions.sh /dev/stdin > /dev/null 2>&1
	sh proofs/assumptions.sh
endef
prove: prove-coq lib
	python3 proofs/wp/prove.py
	python3 proofs/wp/prove.py --smoke
	$(ties)
	$(assumptions)
prove-fresh: prove-coq lib
	python3 proofs/wp/prove.py --fresh
	python3 proofs/wp/prove.py --smoke
	$(ties)
	$(assumptions)
prove-cached: prove-coq
	python3 proofs/wp/prove.py --cached --recorded
	python3 proofs/wp/mutants.py --check
	$(assumptions)
mutants: prove-setup
	python3 proofs/wp/mutants.py
