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
