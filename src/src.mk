# SPDX-License-Identifier: Apache-2.0
# The library: objects once, position independent, for both archives.
SRC_API := status params query intervals bounds storage accumulator accumulator_finish check run job_check submit api api_loss dispatch
SRC_REF := row row16 forward view forward16 lse log_forward gradient found gradients backward loss pulling pulls loss_gradient batch
LIB     := $(B)/libmultimax.a $(B)/libmultimax.so.$(VERSION)
LIB_OBJ := $(SRC_API:%=$(B)/src/%.o) $(SRC_REF:%=$(B)/src/ref/%.o) $(B)/src/ref/portable.o
SRC_CFLAGS = $(CFLAGS) -fPIC -fvisibility=hidden $(if $(filter 1,$(THREADS)),-DMMAX_PTHREADS -pthread)

# The SIMD backends, if built, add to these (src/simd/simd.mk).
SIMD_OBJ :=

$(B)/src/%.o: src/%.c
	@mkdir -p $(@D)
	$(CC) $(SRC_CFLAGS) $(if $(SIMD_OBJ),-DMMAX_SIMD) -MMD -c $< -o $@
$(B)/src/ref/%.o: SRC_CFLAGS += $(FMA)
$(B)/src/ref/portable.o: FMA :=

$(B)/libmultimax.a: $(LIB_OBJ) $$(SIMD_OBJ)
	@rm -f $@
	$(AR) rcs $@ $^
$(B)/libmultimax.so.$(VERSION): $(LIB_OBJ) $$(SIMD_OBJ) src/multimax.map
	$(CC) -shared -Wl,-soname,libmultimax.so.0 -Wl,--version-script=src/multimax.map \
	  -Wl,-z,defs $(filter %.o,$^) $(if $(filter 1,$(THREADS)),-pthread) -o $@
	@ln -sf $(@F) $(B)/libmultimax.so.0
	@ln -sf libmultimax.so.0 $(B)/libmultimax.so

-include $(LIB_OBJ:.o=.d)
