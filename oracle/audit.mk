# SPDX-License-Identifier: Apache-2.0
# `multimax audit`: its objects join the command; its subjects and tests.
AUDIT_UNITS := check_case check_gradient check_relations check_rows child format limits main \
               plot profile recipe reduce replay report_html report_json report_junit report_table run \
               serve serve_builtin serve_library serve_naive serve_ours session suite suite_common \
               suite_gradient suite_json suite_modulator suite_special verdict wire
AUDIT_OBJ   := $(AUDIT_UNITS:%=$(B)/audit/%.o)
COMMAND_OBJ += $(AUDIT_OBJ)
COMMAND_LIBS += -lffi -ldl

$(B)/audit/%.o: oracle/audit/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -D_POSIX_C_SOURCE=200809L -Isrc -Ioracle -MMD -c $< -o $@
-include $(AUDIT_UNITS:%=$(B)/audit/%.d)

# The subject with seeded faults, and the tests.
$(B)/tests/audit_broken: tests/broken/broken.c $(B)/audit/serve.o $(B)/audit/wire.o
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -Wno-conversion -D_POSIX_C_SOURCE=200809L -Isrc -Ioracle -MMD -MF $@.d $(filter %.c %.o,$^) -lm -o $@
-include $(B)/tests/audit_broken.d
TESTS += tests/audit_faults.py tests/audit_suites.sh tests/audit_hostile.sh tests/audit_reports.py \
         tests/audit_html.sh tests/audit_adapters.sh tests/audit_ours.sh tests/audit_profiles.py
run-tests: $(B)/tests/audit_broken

# make audit SUBJECT='...' [SUITE=softmax] [AUDIT='--json r.json']: one audit.
SUITE ?= softmax
.PHONY: audit audit-suites audit-frameworks
audit: $(B)/multimax
	PYTHONPATH=oracle/audit/adapters $(B)/multimax audit --subject '$(SUBJECT)' --suite $(SUITE) $(AUDIT)

# The committed suites, made anew.
audit-suites: $(B)/multimax
	$(B)/multimax audit --make-suite tests/audit-suites/softmax.json --suite smoke
	$(B)/multimax audit --make-suite tests/audit-suites/wikitext103-1.json --suite smoke --params wikitext103:1

# Frameworks for the Python adapters, several GB; never part of `make test`.
audit-frameworks:
	python3 -m venv $(B)/audit-frameworks
	$(B)/audit-frameworks/bin/pip install numpy scipy onnx onnxruntime jax torch
