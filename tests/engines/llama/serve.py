"""llama.cpp's own server, from xllamacpp, for one GGUF: `serve.py MODEL PORT [MMPROJ]`.

Prints its address and serves until its input ends.
"""

import sys

import xllamacpp

params = xllamacpp.CommonParams()
params.model.path = sys.argv[1]
params.mmproj.path = "".join(sys.argv[3:])
params.port = int(sys.argv[2])
params.n_ctx = 4096
params.n_parallel = 2
params.endpoint_slots = True
# Two threads wait for each other in a loop, which is slow where others want the cores too.
params.cpuparams.n_threads = 1
server = xllamacpp.Server(params)
print(server.listening_address, flush=True)
sys.stdin.read()
