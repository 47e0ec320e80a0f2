# SPDX-License-Identifier: Apache-2.0
# tests/NAME.c -> build/tests/NAME: one program, one claim. A fragment adds
# what a test needs with target-specific TEST_OBJ and TEST_LIBS.
TEST_CFLAGS = $(CFLAGS) $(FMA) -Isrc -Ioracle -Itests

$(B)/tests/%: tests/%.c $(B)/libmultimax.a $$(TEST_DEPS)
	@mkdir -p $(@D)
	$(CC) $(TEST_CFLAGS) -MMD -MF $@.d $< $(TEST_OBJ) $(B)/libmultimax.a $(TEST_LIBS) -pthread -lm -o $@

TEST_UNITS := $(patsubst tests/%.c,$(B)/tests/%,$(wildcard tests/unit_*.c tests/property_*.c tests/edge_*.c))
TESTS += $(TEST_UNITS) tests/data_checksums.sh tests/build_compilers.sh tests/build_freestanding.sh \
  tests/build_install.sh tests/build_sanitizers.sh tests/build_symbols.sh

$(B)/tests/edge_threads: TEST_OBJ = -Wl,--wrap=pthread_create
TESTS += tests/build_threads.sh tests/threads_mutants.sh tests/threads_neon.sh

$(B)/tests/unit_accumulator $(B)/tests/unit_conversions $(B)/tests/unit_integers $(B)/tests/unit_storage: TEST_LIBS += -lmpfr -lgmp
ACCURACY_TESTS := $(B)/tests/accuracy_wide $(B)/tests/accuracy_premap $(B)/tests/accuracy_near_zero
$(ACCURACY_TESTS): TEST_DEPS = $(filter-out %/main.o,$(filter $(B)/command/%,$(COMMAND_OBJ))) $(B)/oracle/liboracle.a
$(ACCURACY_TESTS): TEST_OBJ = $(filter-out %/main.o,$(filter $(B)/command/%,$(COMMAND_OBJ))) $(B)/oracle/liboracle.a
$(ACCURACY_TESTS): TEST_LIBS = -ljansson -lmpfr -lgmp
$(B)/tests/accuracy_wide: TEST_LIBS += -Wl,--wrap=mmax_forward
TESTS += $(ACCURACY_TESTS)

# 16-bit storage. The oracle's bound of a row is the command's.
STORAGE_TESTS := $(B)/tests/storage_oracle $(B)/tests/storage_modulator
$(STORAGE_TESTS): TEST_DEPS = $(B)/command/row_bound.o $(B)/oracle/liboracle.a
$(STORAGE_TESTS): TEST_OBJ = $(B)/command/row_bound.o $(B)/oracle/liboracle.a
$(STORAGE_TESTS): TEST_LIBS = -lmpfr -lgmp
TESTS += $(STORAGE_TESTS) $(B)/tests/storage_rows tests/storage_mutants.sh

-include $(wildcard $(B)/tests/*.d)

# Results in build/test-results/; tests run side by side, each with a time limit.
# Set-up comes first: nothing is compiled before its libraries are there.
.PHONY: setup-test run-tests
setup-test:
	sh tests/setup.sh test
run-tests: all $(filter $(B)/%,$(TESTS))
	sh tests/run.sh $(TESTS)
test: setup-test
	$(MAKE) --no-print-directory -j$(shell nproc) run-tests
