# SPDX-License-Identifier: Apache-2.0
# make prove-coq  the Coq theory: compile, look for assumptions, check the checker. Needs coq, libcoq-flocq, libcoq-interval,
#                 libcoq-coquelicot, libcoq-gappa, gappa. coqc is never run on the sources in place.
.PHONY: prove-coq
prove-coq:
	proofs/coq/build.sh $(B)/proofs/coq
	proofs/coq/check_control.sh $(B)/proofs/coq-control
	proofs/coq/check_assumptions.sh proofs/coq $(B)/proofs/coq
