# SPDX-License-Identifier: Apache-2.0
# The oracle: correctly rounded results by MPFR. build/oracle/liboracle.a
ORACLE_UNITS := exact exact_batch exact_forward exact_gradient exact_interval exact_loss \
                exact_modulator exact_parameters exact_row exact_sharpen exact_sigma exact_value progress ulp
ORACLE_LIBS  := $(B)/oracle/liboracle.a -lmpfr -lgmp -pthread -lm

$(B)/oracle/%.o: oracle/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -Isrc -MMD -c $< -o $@
$(B)/oracle/liboracle.a: $(ORACLE_UNITS:%=$(B)/oracle/%.o)
	@rm -f $@
	$(AR) rcs $@ $^
-include $(ORACLE_UNITS:%=$(B)/oracle/%.d)

$(B)/oracle/oracle-speed: $(B)/oracle/exact_speed.o $(B)/oracle/liboracle.a
	$(CC) $< $(ORACLE_LIBS) -o $@

# Tests. FLINT's headers are not clean under -Wconversion: include them as system headers.
ORACLE_TESTS := oracle_ulp oracle_interval oracle_exact_vectors oracle_special oracle_arb_forward oracle_arb_gradient
ORACLE_ARB   := $(B)/tests/oracle_arb_forward $(B)/tests/oracle_arb_gradient
$(ORACLE_TESTS:%=$(B)/tests/%): TEST_DEPS = $(B)/oracle/liboracle.a
$(ORACLE_TESTS:%=$(B)/tests/%): TEST_LIBS = $(ORACLE_LIBS)
$(ORACLE_ARB): TEST_LIBS = $(B)/oracle/liboracle.a -lflint-arb -lflint -lmpfr -lgmp
$(ORACLE_ARB): TEST_OBJ = -isystem /usr/include/flint
TESTS += $(ORACLE_TESTS:%=$(B)/tests/%) tests/oracle_controls.sh
