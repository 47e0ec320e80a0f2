# SPDX-License-Identifier: Apache-2.0
# make prove-coq  the Coq theory: compile, look for assumptions, check the checker. Needs coq, libcoq-flocq, libcoq-interval,
#                 libcoq-coquelicot, libcoq-gappa, gappa. coqc is never run on the sources in place.
.PHONY: prove-coq prove-tie
prove-coq:
	proofs/coq/build.sh $(B)/proofs/coq
	proofs/coq/check_control.sh $(B)/proofs/coq-control
	proofs/coq/check_assumptions.sh proofs/coq $(B)/proofs/coq

# make prove-tie  the same definitions in ACSL, Coq and prose: WP's export of the contract is Contract.v's, and the formula lines of
#                 specs/semantics.md give the library's bits; Why3's float axioms hold for Flocq.
#                 Each check with faults that it must refuse. Needs frama-c, why3 and what proofs/wp/prove.py leaves in build/wp.
ties := tie_contract tie_prose ieee_axioms
# each after its check, two at a time
checks := $(ties:=-control)
.PHONY: $(ties) $(checks)
tie_prose tie_prose-control: library = $(B)/libmultimax.so
$(ties):
	python3 proofs/wp/$@.py $(library)
$(checks): %-control: %
	python3 proofs/wp/$*.py $(library) --control
prove-tie: prove-coq lib
	$(MAKE) --no-print-directory -j2 $(checks)
