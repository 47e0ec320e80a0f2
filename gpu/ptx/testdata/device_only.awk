# SPDX-License-Identifier: Apache-2.0
# Leaves out host functions and tables of a CUDA source, for NVRTC: what begins at the left margin with static, template or a
# result type (templates: on their second line) and names no __device__ or __global__.
function finish() {
  if (text != "" && (text ~ /__device__|__global__/ || text !~ /(^|\n)(static|mmax_status|size_t) /)) printf "%s", text
  text = ""
}
text == "" && (/^#/ || continued || comment || /^\/\*/ || /^$/ || /^namespace/ || /^}/ || /^extern "C" \{/) {
  print
  continued = /\\$/ && (/^#/ || continued)
  comment = (comment || /^\/\*/) && !/\*\//
  next
}
/^$/ && depth == 0 { finish(); print; next }
{
  text = text $0 "\n"
  depth += gsub(/\{/, "{") - gsub(/\}/, "}")
  if (depth == 0 && /[;}]$/) finish()
}
END { finish() }
