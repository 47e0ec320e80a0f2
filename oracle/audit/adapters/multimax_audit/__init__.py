# SPDX-License-Identifier: Apache-2.0
"""Python subjects for `multimax audit`: python3 -m multimax_audit SPEC.

Importing needs the standard library and NumPy; torch, jax and onnxruntime are imported by the
subjects that use them. The protocol is specs/audit-protocol.md.
"""
