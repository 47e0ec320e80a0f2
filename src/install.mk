# SPDX-License-Identifier: Apache-2.0
# make install PREFIX=/usr/local DESTDIR=   and   make uninstall, the same list.
DEST    = $(DESTDIR)$(PREFIX)
PRIVATE = $(if $(filter 1,$(THREADS)),-pthread)
FILLED  = sed -e 's|@PREFIX@|$(PREFIX)|g' -e 's|@VERSION@|$(VERSION)|g' -e 's|@PRIVATE@|$(PRIVATE)|g'
CMAKE_DIR = lib/cmake/multimax

install: lib command
	install -d $(DEST)/include $(DEST)/lib/pkgconfig $(DEST)/$(CMAKE_DIR) $(DEST)/bin $(DEST)/share/man/man1
	install -m 644 src/multimax.h $(DEST)/include/multimax.h
	install -m 644 $(B)/libmultimax.a $(DEST)/lib/libmultimax.a
	install -m 755 $(B)/libmultimax.so.$(VERSION) $(DEST)/lib/libmultimax.so.$(VERSION)
	ln -sf libmultimax.so.$(VERSION) $(DEST)/lib/libmultimax.so.0
	ln -sf libmultimax.so.0 $(DEST)/lib/libmultimax.so
	$(FILLED) src/package/multimax.pc.in >$(DEST)/lib/pkgconfig/multimax.pc
	$(FILLED) src/package/multimax-config.cmake.in >$(DEST)/$(CMAKE_DIR)/multimax-config.cmake
	$(FILLED) src/package/multimax-config-version.cmake.in >$(DEST)/$(CMAKE_DIR)/multimax-config-version.cmake
	install -m 755 $(COMMAND) $(DEST)/bin/multimax
	install -m 644 oracle/multimax.1 $(DEST)/share/man/man1/multimax.1
	install -d $(DEST)/share/multimax/adapters/multimax_audit
	install -m 644 oracle/audit/adapters/multimax_audit/*.py $(DEST)/share/multimax/adapters/multimax_audit

uninstall:
	rm -f $(DEST)/include/multimax.h $(DEST)/lib/libmultimax.a $(DEST)/lib/libmultimax.so.$(VERSION) \
	  $(DEST)/lib/libmultimax.so.0 $(DEST)/lib/libmultimax.so $(DEST)/lib/pkgconfig/multimax.pc \
	  $(DEST)/$(CMAKE_DIR)/multimax-config.cmake $(DEST)/$(CMAKE_DIR)/multimax-config-version.cmake \
	  $(DEST)/bin/multimax $(DEST)/share/man/man1/multimax.1
	rm -rf $(DEST)/share/multimax
	-rmdir $(DEST)/$(CMAKE_DIR) 2>/dev/null
