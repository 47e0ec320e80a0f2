# SPDX-License-Identifier: Apache-2.0
# The library without SIMD backends, as source files; sourced by the build_*.sh tests.
library="src/status.c src/params.c src/query.c src/intervals.c src/bounds.c src/storage.c src/accumulator.c src/accumulator_finish.c src/check.c src/run.c src/job_check.c
  src/submit.c src/api.c src/api_loss.c src/dispatch.c src/simd/scratch.c src/ref/row.c src/ref/row16.c src/ref/forward.c src/ref/view.c
  src/ref/forward16.c src/ref/lse.c src/ref/log_forward.c
  src/ref/gradient.c src/ref/found.c src/ref/gradients.c src/ref/backward.c src/ref/loss.c
  src/ref/pulling.c src/ref/pulls.c src/ref/loss_gradient.c src/ref/batch.c src/ref/portable.c"
