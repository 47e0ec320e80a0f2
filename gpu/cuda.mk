# SPDX-License-Identifier: Apache-2.0
# The CUDA kernels: build/gpu/libmultimax_cuda.a, and PTX per target for the tests that execute it.
# Without nvcc the tests execute the PTX kept in tests/data/cuda.
NVCC         ?= $(shell command -v nvcc)
CUDA_DIR     := $(B)/gpu/cuda
CUDA_UNITS   := forward log backward loss accumulate
CUDA_TARGETS := 80 90 120
CUDA_HEADERS := $(wildcard gpu/cuda/*.cuh) gpu/cuda/multimax_cuda.h src/multimax.h src/check.h
CUDA_FLAGS   := -O3 -std=c++17 -Isrc -Igpu/cuda
CUDA_LIB     := $(B)/gpu/libmultimax_cuda.a
# Machine code for sm_80 and sm_90; later devices compile the PTX. Not compressed: tests take both out of the objects and read them.
CUDA_SHIPS   := --no-compress -gencode arch=compute_80,code=sm_80 -gencode arch=compute_90,code=sm_90 -gencode arch=compute_90,code=compute_90

ifneq ($(NVCC),)
define CUDA_PTX_RULE
$(CUDA_DIR)/sm_$(1)/%.ptx: gpu/cuda/%.cu $(CUDA_HEADERS)
	@mkdir -p $$(@D)
	$(NVCC) $(CUDA_FLAGS) -arch=compute_$(1) -ptx $$< -o $$@
endef
$(foreach t,$(CUDA_TARGETS),$(eval $(call CUDA_PTX_RULE,$(t))))
CUDA_PTX := $(foreach t,$(CUDA_TARGETS),$(CUDA_UNITS:%=$(CUDA_DIR)/sm_$(t)/%.ptx))

$(CUDA_DIR)/%.o: gpu/cuda/%.cu $(CUDA_HEADERS)
	@mkdir -p $(@D)
	$(NVCC) $(CUDA_FLAGS) $(CUDA_SHIPS) -Xcompiler -fPIC -c $< -o $@
$(CUDA_LIB): $(CUDA_UNITS:%=$(CUDA_DIR)/%.o)
	@rm -f $@
	$(AR) rcs $@ $^
endif

.PHONY: cuda gpu-test
cuda: $(if $(NVCC),$(CUDA_LIB) $(CUDA_PTX))
	@$(if $(NVCC),echo "$(CUDA_LIB)",echo "skipped: no nvcc")

# The comparisons of tests/cuda_api.c on this machine's GPU; says so when there is none.
gpu-test: $(if $(NVCC),$(CUDA_LIB)) $(B)/libmultimax.a
	@CC="$(CC)" NVCC="$(NVCC)" sh tests/cuda_hardware.sh || [ $$? -eq 78 ]

CUDA_TESTS := cuda_kernels cuda_shapes cuda_budget cuda_constants
$(CUDA_TESTS:%=$(B)/tests/%): TEST_CFLAGS = $(CFLAGS) $(FMA) -D_POSIX_C_SOURCE=200809L -Isrc -Itests -Igpu/ptx
$(CUDA_TESTS:%=$(B)/tests/%): TEST_OBJ = $(B)/gpu/libptx.a
$(CUDA_TESTS:%=$(B)/tests/%): TEST_DEPS = $(B)/gpu/libptx.a
run-tests: $(CUDA_TESTS:%=$(B)/tests/%) $(PTX_COMMAND) $(CUDA_PTX) $(if $(NVCC),$(CUDA_LIB))
TESTS += tests/cuda_bits.sh tests/cuda_shapes.sh tests/cuda_fixture.sh tests/cuda_audit.sh tests/cuda_budget.sh tests/cuda_constants.sh tests/cuda_sass.sh \
  tests/cuda_faults.sh tests/cuda_api.sh
