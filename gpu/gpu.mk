# SPDX-License-Identifier: Apache-2.0
# The PTX executor: build/gpu/libptx.a and the stand-alone command build/gpu/mmax-ptx.
PTX_DIR    := $(B)/gpu/ptx
PTX_UNITS  := audit command convert cubin decode decode_control decode_data decode_memory exec extract launch_args lex \
              machine memory occupancy ops_misc ops_warp parse parse_body regions report shadow survey taint types
PTX_LANES  := ops_int ops_float
# The lane loops are compiled once per vector instruction set of the host and chosen when a program is decoded.
PTX_HOSTS  := base $(if $(filter x86_64,$(ARCH)),v3 v4)
PTX_FLAGS_base :=
PTX_FLAGS_v3   := -march=x86-64-v3
PTX_FLAGS_v4   := -march=x86-64-v4 -mprefer-vector-width=512
PTX_CFLAGS := $(CFLAGS) -fno-strict-aliasing -D_POSIX_C_SOURCE=200809L -Igpu/ptx
PTX_OBJ    := $(PTX_UNITS:%=$(PTX_DIR)/%.o) $(foreach h,$(PTX_HOSTS),$(PTX_LANES:%=$(PTX_DIR)/%_$(h).o))
PTX_COMMAND := $(B)/gpu/mmax-ptx

$(PTX_UNITS:%=$(PTX_DIR)/%.o) $(PTX_DIR)/main.o: $(PTX_DIR)/%.o: gpu/ptx/%.c
	@mkdir -p $(@D)
	$(CC) $(PTX_CFLAGS) -MMD -c $< -o $@

define PTX_HOST_RULE
$(PTX_DIR)/%_$(1).o: gpu/ptx/%.c
	@mkdir -p $$(@D)
	$$(CC) $$(PTX_CFLAGS) -O3 $$(PTX_FLAGS_$(1)) -DMMAX_PTX_SUFFIX=_$(1) -MMD -c $$< -o $$@
endef
$(foreach h,$(PTX_HOSTS),$(eval $(call PTX_HOST_RULE,$(h))))

$(B)/gpu/libptx.a: $(PTX_OBJ)
	@rm -f $@
	$(AR) rcs $@ $^

$(PTX_COMMAND): $(PTX_DIR)/main.o $(B)/gpu/libptx.a
	$(CC) $(CFLAGS) $^ -lm -o $@

-include $(wildcard $(PTX_DIR)/*.d)

.PHONY: ptx gpu-predict
ptx: $(PTX_COMMAND)

# Tests of the executor: C programs over libptx.a, and scripts over the command.
PTX_TESTS := ptx_forward ptx_faults ptx_vectors ptx_warp ptx_audit ptx_fuzz ptx_foreign ptx_occupancy ptx_forms ptx_reports bench_ptx
$(PTX_TESTS:%=$(B)/tests/%): TEST_CFLAGS = $(CFLAGS) $(FMA) -D_POSIX_C_SOURCE=200809L -Igpu/ptx -Itests
$(PTX_TESTS:%=$(B)/tests/%): TEST_OBJ = $(B)/gpu/libptx.a
$(PTX_TESTS:%=$(B)/tests/%): TEST_DEPS = $(B)/gpu/libptx.a
all: $(PTX_COMMAND)
TESTS += $(PTX_TESTS:%=$(B)/tests/%) tests/ptx_refuse.sh tests/ptx_targets.sh tests/ptx_sass.sh tests/ptx_fixtures.sh tests/ptx_occupancy.sh tests/ptx_kernels.sh tests/ptx_predict.sh tests/ptx_shipped.sh

# Counts the work of the CUDA kernels and writes the predicted times into gpu/README.md.
gpu-predict: $(B)/tests/cuda_budget
	@sh tests/ptx_predict.sh write
