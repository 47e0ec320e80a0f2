# SPDX-License-Identifier: Apache-2.0
# The `multimax` command: build/multimax. Other areas mount a sub-command by a row in
# main.c's table and by adding their objects to COMMAND_OBJ.
COMMAND := $(B)/multimax
READER_UNITS  := bytes fault model model_builtin model_csv model_json npy tensor text
COMMAND_UNITS := $(READER_UNITS) analysis cmd_check cmd_compute cmd_params compare decimal grads_json job \
                 main narrow options output row_bound slice warnings
COMMAND_OBJ   := $(COMMAND_UNITS:%=$(B)/command/%.o)
COMMAND_LIBS   = $(B)/gpu/libptx.a $(ORACLE_LIBS) -ljansson

# POSIX for mkstemp, fstat and rename; the library itself stays with ISO C.
$(B)/command/%.o: oracle/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -D_POSIX_C_SOURCE=200809L -Isrc -Ioracle -MMD -c $< -o $@
-include $(COMMAND_UNITS:%=$(B)/command/%.d)

$(B)/multimax: $$(COMMAND_OBJ) $(B)/oracle/liboracle.a $(B)/libmultimax.a $(B)/gpu/libptx.a
	$(CC) $(filter %.o,$^) $(B)/libmultimax.a $(COMMAND_LIBS) -o $@

# Tests of the command: build/multimax and, as a negative control of check, the same
# command over a library with one planted defect.
BROKEN_CALLS := mmax_forward mmax_log_forward mmax_backward mmax_cross_entropy_backward \
                mmax_accumulator_finish
$(B)/tests/multimax-broken: tests/cli_broken.c $$(COMMAND_OBJ) $(B)/oracle/liboracle.a $(B)/libmultimax.a $(B)/gpu/libptx.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -Isrc $(BROKEN_CALLS:%=-Wl,--wrap=%) $(filter %.c %.o,$^) $(B)/libmultimax.a \
	  $(COMMAND_LIBS) -o $@
CLI_TESTS := usage files arrays builtins params check
TESTS += $(CLI_TESTS:%=tests/cli_%.sh)
run-tests: $(B)/tests/multimax-broken

# The replay and the fuzzers compile the readers with sanitizers.
READER_SOURCES := $(READER_UNITS:%=oracle/%.c) src/params.c src/status.c
SANITIZE       := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
FUZZ_CC        ?= clang
FUZZERS        := tensor side csv json
FUZZ_SECONDS   ?= 150
READER_FLAGS   := -std=c11 -g -O1 -ffp-contract=off -D_POSIX_C_SOURCE=200809L -Isrc -Ioracle -Itests $(WARN)

$(B)/tests/fuzz_replay: tests/fuzz_replay.c tests/fuzz_readers.h $(READER_SOURCES)
	@mkdir -p $(@D)
	$(CC) $(READER_FLAGS) $(SANITIZE) $(filter %.c,$^) -ljansson -lm -o $@
TESTS += $(B)/tests/fuzz_replay

$(B)/fuzz/%: tests/fuzz_%.c tests/fuzz_readers.h $(READER_SOURCES)
	@mkdir -p $(@D)
	$(FUZZ_CC) $(READER_FLAGS) $(SANITIZE) -fsanitize=fuzzer $(filter %.c,$^) -ljansson -lm -o $@

# make fuzz: $(FUZZ_SECONDS) seconds per reader, new inputs kept in build/fuzz/corpus.
.PHONY: fuzz $(FUZZERS:%=fuzz-%)
fuzz: $(FUZZERS:%=fuzz-%)
$(FUZZERS:%=fuzz-%): fuzz-%: $(B)/fuzz/%
	@mkdir -p $(B)/fuzz/corpus/$*
	$(B)/fuzz/$* -max_total_time=$(FUZZ_SECONDS) -timeout=10 -max_len=4096 -print_final_stats=1 \
	  -artifact_prefix=$(B)/fuzz/ $(B)/fuzz/corpus/$* tests/corpus/$*
