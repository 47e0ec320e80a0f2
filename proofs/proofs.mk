# SPDX-License-Identifier: Apache-2.0
# make prove         everything, with the provers where the cache has no answer; fails on one open goal or contradiction
# make prove-fresh   the same without a cache
# make prove-cached  what is recorded as proved, from the committed cache; CI and certify use it
# make mutants       seeded faults in src/ that must break a proof
include proofs/coq/coq.mk

.PHONY: prove prove-fresh prove-cached prove-setup mutants
prove-setup:
	sh tests/setup.sh prove
prove: prove-setup
	$(MAKE) --no-print-directory prove-coq
	python3 proofs/wp/prove.py
	python3 proofs/wp/prove.py --smoke
	$(MAKE) --no-print-directory prove-tie
	sh proofs/assumptions.sh
prove-fresh: prove-setup
	$(MAKE) --no-print-directory prove-coq
	python3 proofs/wp/prove.py --fresh
	python3 proofs/wp/prove.py --smoke
	$(MAKE) --no-print-directory prove-tie
	sh proofs/assumptions.sh
prove-cached: prove-setup
	$(MAKE) --no-print-directory prove-coq
	python3 proofs/wp/prove.py --cached --recorded
	python3 proofs/wp/mutants.py --check
	sh proofs/assumptions.sh
mutants: prove-setup
	python3 proofs/wp/mutants.py
