# SPDX-License-Identifier: Apache-2.0
# make bench: peers into build/bench/venv (PyTorch brings about 6 GB), times, tables, plots.
# Never part of `make test`. BENCH_ARGS=--quick for L2 alone.
BENCH := $(B)/bench
BENCH_ARGS ?=
PEER_PACKAGES ?= torch onnxruntime onnx numpy

$(BENCH)/venv/done:
	@mkdir -p $(BENCH)
	python3 -m venv $(BENCH)/venv
	$(BENCH)/venv/bin/pip install --quiet --no-cache-dir $(PEER_PACKAGES)
	touch $@

# oneDNN and XNNPACK of the distribution, where their headers are installed
$(BENCH)/peers.so: tests/bench/peers.c
	@mkdir -p $(BENCH)
	$(CC) -O2 -Wall -Wextra -shared -fPIC $< -ldnnl -lXNNPACK -lpthreadpool -lcpuinfo -lm -lpthread -o $@ || \
	  echo "bench: no oneDNN or XNNPACK headers, without these peers"

# the roof of the roofline
$(BENCH)/peak.so: tests/bench/peak.c
	@mkdir -p $(BENCH)
	$(CC) -O2 -Wall -Wextra -shared -fPIC $< -o $@

.PHONY: bench
bench: lib $(BENCH)/venv/done $(BENCH)/peers.so $(BENCH)/peak.so
	$(BENCH)/venv/bin/python tests/bench/bench.py $(BENCH)/auto.json $(BENCH_ARGS)
	ATEN_CPU_CAPABILITY=avx2 ONEDNN_MAX_CPU_ISA=AVX2 DNNL_MAX_CPU_ISA=AVX2 \
	  $(BENCH)/venv/bin/python tests/bench/bench.py $(BENCH)/avx2.json --backend avx2 --suite forward $(BENCH_ARGS)
	$(BENCH)/venv/bin/python tests/bench/report.py $(BENCH) $(BENCH)/auto.json $(BENCH)/avx2.json
	cd $(BENCH) && for p in *.gp; do gnuplot $$p || exit 1; done
	@echo "$(BENCH)/bench.md"
