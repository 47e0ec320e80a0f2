# SPDX-License-Identifier: Apache-2.0
# SIMD backends of this architecture. Only their files see instruction-set flags.
# (gcc's own macros for embedded rounding convert -1 to a mask at -O0.)
SIMD_FLAGS_avx2   := -mavx2 -mfma
SIMD_FLAGS_avx512 := -mavx512f -mavx512dq -mavx512vl -mavx512bw -mavx2 -mfma \
                     -mprefer-vector-width=512 -Wno-sign-conversion
SIMD_x86_64       := avx2 avx512
SIMD_aarch64      := neon
SIMD_BACKENDS     := $(SIMD_$(ARCH))
SIMD_OBJ          := $(SIMD_BACKENDS:%=$(B)/src/simd/%.o) $(B)/src/simd/scratch.o
$(foreach b,$(SIMD_BACKENDS),$(eval $(B)/src/simd/$b.o: SRC_CFLAGS += -O3 $(SIMD_FLAGS_$b)))
$(B)/src/dispatch.o: src/simd/simd.mk
-include $(SIMD_OBJ:.o=.d)

# Each lane operation against its meaning, and each backend against the reference.
# (tests.mk finds unit_lanes itself: NEON or AVX2.)
DIFF_TESTS := $(patsubst tests/%.c,$(B)/tests/%,$(wildcard tests/diff_*.c))
TESTS      += $(DIFF_TESTS) tests/diff_mutants.sh tests/diff_neon.sh
ifeq ($(ARCH),x86_64)
$(B)/tests/unit_lanes: TEST_CFLAGS += $(SIMD_FLAGS_avx2)
$(B)/tests/unit_lanes_avx512: tests/unit_lanes.c src/simd/lanes_avx512.h specs/lanes_model.h
	@mkdir -p $(@D)
	$(CC) $(TEST_CFLAGS) $(SIMD_FLAGS_avx512) -DLANES='"simd/lanes_avx512.h"' $< -lm -o $@
TESTS      += $(B)/tests/unit_lanes_avx512
endif
