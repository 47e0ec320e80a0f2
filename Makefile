# SPDX-License-Identifier: Apache-2.0
# make            library, command
# make test       set up what is missing, build, run every test
# make certify    check the library against the oracle on real logits, replay
#                 the proofs, write build/certificate/
# make prove      replay every proof     make bench     against today's softmax
# make install    PREFIX=/usr/local DESTDIR=

ifeq ($(origin CC),default)
CC      := gcc
endif
PREFIX  ?= /usr/local
B       := build
VERSION := 0.1.0

# Contraction would fuse a*b+c where the source does not say so.
WARN    := -Wall -Wextra -Wconversion -Werror
CFLAGS  := -std=c11 -O2 -g -ffp-contract=off -fno-strict-aliasing $(WARN) $(EXTRA_CFLAGS)
ARCH    := $(shell $(CC) -dumpmachine | cut -d- -f1)
# The reference uses the processor's fma; src/ref/portable.c serves processors without.
FMA     := $(if $(filter x86_64,$(ARCH)),-mfma)
THREADS ?= 1
TESTS   :=
.SECONDEXPANSION:

.DEFAULT_GOAL := all
.PHONY: all test certify clean install uninstall

all: lib command

include src/src.mk
include src/install.mk
include src/simd/simd.mk
include oracle/oracle.mk
include oracle/command.mk
include oracle/audit.mk
include gpu/gpu.mk
include gpu/cuda.mk
include proofs/proofs.mk

# Evidence for a user: oracle comparison on real logits, proofs, one report.
certify:
	sh tests/setup.sh certify
	$(MAKE) --no-print-directory -j$(shell nproc) all
	sh oracle/certify.sh $(COMMAND) $(B)/certificate

include tests/tests.mk

# V=1 shows the commands.
ifneq ($(V),1)
.SILENT:
endif

.PHONY: lib command
lib: $(LIB)
command: $(COMMAND)

clean:
	rm -rf $(B)
