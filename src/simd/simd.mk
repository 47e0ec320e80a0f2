# SPDX-License-Identifier: Apache-2.0
# SIMD backends of this architecture. Only their files see instruction-set flags.
# (gcc's own macros for embedded rounding convert -1 to a mask at -O0.)
SIMD_FLAGS_avx2   := -mavx2 -mfma -mf16c
SIMD_FLAGS_avx512 := -mavx512f -mavx512dq -mavx512vl -mavx512bw -mavx2 -mfma -mf16c \
                     -mprefer-vector-width=512 -Wno-sign-conversion
SIMD_x86_64       := avx2 avx512
SIMD_aarch64      := neon
SIMD_BACKENDS     := $(SIMD_$(ARCH))
SIMD_TABLES        = $(foreach b,$1,$b $b_f16 $b_bf16)
SIMD_OBJ          := $(patsubst %,$(B)/src/simd/%.o,$(call SIMD_TABLES,$(SIMD_BACKENDS)) scratch)
$(foreach b,$(SIMD_BACKENDS),$(eval $(patsubst %,$(B)/src/simd/%.o,$(call SIMD_TABLES,$b)): SRC_CFLAGS += -O3 $(SIMD_FLAGS_$b)))
$(B)/src/dispatch.o: src/simd/simd.mk
-include $(SIMD_OBJ:.o=.d)

# Each lane operation against its meaning, and each backend against the reference.
# (tests.mk finds unit_lanes and unit_lanes16 itself: NEON or AVX2.)
DIFF_TESTS := $(patsubst tests/%.c,$(B)/tests/%,$(wildcard tests/diff_*.c))
TESTS      += $(DIFF_TESTS) $(B)/tests/golden_hashes tests/diff_mutants.sh tests/diff_levels.sh tests/diff_neon.sh \
              tests/unit_lanes_model.sh
ifeq ($(ARCH),x86_64)
LANES_AVX512 := $(B)/tests/unit_lanes_avx512 $(B)/tests/unit_lanes16_avx512
$(B)/tests/unit_lanes $(B)/tests/unit_lanes16: TEST_CFLAGS += $(SIMD_FLAGS_avx2)
$(LANES_AVX512): $(B)/tests/%_avx512: tests/%.c tests/lanes.h src/simd/lanes_avx512.h specs/lanes_model.h
	@mkdir -p $(@D)
	$(CC) $(TEST_CFLAGS) $(SIMD_FLAGS_avx512) -DLANES='"simd/lanes_avx512.h"' $< -lm -o $@
TESTS      += $(LANES_AVX512)
endif

# sigma and slope of every 16-bit cell for all learned layers
CELL_TESTS := $(foreach b,$(SIMD_BACKENDS),$(b:%=$(B)/tests/exhaustive_cells_%_f16) $(b:%=$(B)/tests/exhaustive_cells_%_bf16))
CELL_ISA    = $(word 1,$(subst _, ,$1))
CELL_FORMAT = $(word 2,$(subst _, ,$1))
$(CELL_TESTS): $(B)/tests/exhaustive_cells_%: tests/exhaustive_cells.c tests/exhaustive_scalar.c $(B)/libmultimax.a
	@mkdir -p $(@D)
	$(CC) $(TEST_CFLAGS) -fno-tree-vectorize -c tests/exhaustive_scalar.c -o $@.scalar.o
	$(CC) $(TEST_CFLAGS) -Wno-unused-function $(SIMD_FLAGS_$(call CELL_ISA,$*)) -DLANES='"simd/lanes_$(call CELL_ISA,$*).h"' \
	  -DCELLS='"simd/cells_$(call CELL_FORMAT,$*).h"' -DSTORAGE=MMAX_$(if $(filter f16,$(call CELL_FORMAT,$*)),FLOAT16,BFLOAT16) \
	  $< $@.scalar.o $(B)/libmultimax.a -pthread -lm -o $@
TESTS += $(CELL_TESTS)

# sigma and slope of every float32 for all learned layers; stops and goes on. SHARD=I/N for one part:
#   parallel make exhaustive SHARD={}/8 ::: 0 1 2 3 4 5 6 7    (or SHARD=$$SLURM_ARRAY_TASK_ID/8 in a job array)
# each part writes build/exhaustive/ISA.I; then `make exhaustive-check` reads them all.
SHARD ?= 0/1
EXHAUSTIVE := $(SIMD_BACKENDS:%=$(B)/tests/exhaustive_%)
$(EXHAUSTIVE): $(B)/tests/exhaustive_%: tests/exhaustive_modulator.c tests/exhaustive_scalar.c \
    $(B)/libmultimax.a
	@mkdir -p $(@D)
	$(CC) $(TEST_CFLAGS) -fno-tree-vectorize -c tests/exhaustive_scalar.c -o $@.scalar.o
	$(CC) $(TEST_CFLAGS) -Wno-unused-function $(SIMD_FLAGS_$*) -DLANES='"simd/lanes_$*.h"' $< \
	  $@.scalar.o $(B)/libmultimax.a -pthread -lm -o $@
.PHONY: exhaustive exhaustive-check
exhaustive: $(EXHAUSTIVE)
	@mkdir -p $(B)/exhaustive
	for b in $(SIMD_BACKENDS); do $(B)/tests/exhaustive_$$b --shard $(SHARD) \
	  --out $(B)/exhaustive/$$b.$(firstword $(subst /, ,$(SHARD))) || exit 1; done
exhaustive-check: $(EXHAUSTIVE)
	for b in $(SIMD_BACKENDS); do $(B)/tests/exhaustive_$$b --check $(B)/exhaustive/$$b.* || exit 1; done
include tests/bench/bench.mk
