(* SPDX-License-Identifier: Apache-2.0 *)
(* Loaded into Frama-C, which sets a minor heap of 256k words and then spends a quarter of its time on collecting it. *)
let () = Gc.set { (Gc.get ()) with Gc.minor_heap_size = 1024 * 1024; space_overhead = 400 }
(* nor need it remember where each of many exceptions, most of which say "not there", was raised: 2 % of its time. *)
let () = Printexc.record_backtrace false
