# SPDX-License-Identifier: Apache-2.0
-include proofs/coq/coq.mk
.PHONY: prove-wp prove-wp-cached prove-wp-fresh mutants-wp
prove-wp:
	python3 proofs/wp/prove.py
prove-wp-cached:
	python3 proofs/wp/prove.py --cached
prove-wp-fresh:
	python3 proofs/wp/prove.py --fresh
mutants-wp:
	python3 proofs/wp/mutants.py
