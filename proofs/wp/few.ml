(* SPDX-License-Identifier: Apache-2.0 *)
(* Loaded into Frama-C: Why3's transformation mmax_few, first in the drivers of cvc5few, cvc5quick and cvc5indfew. Of a task it keeps the axioms
   that the row $MMAX_UNIT of the table $MMAX_USES names, what they and the goal speak of, and of that the definitions that are named (as
   NAME'def) or that the driver will inline; a symbol whose definition goes stays declared. So each formula of the result is one of the task: a
   proof of it is a proof of the task. Without a row it keeps all. mmax_no_lemmas, first in Gappa's driver, keeps what no
   lemma of specs/logic (Q_NAME) says: all definitions are put into what is left, also where one branches on and on. *)
open Why3
module Sid = Ident.Sid

let env name = Option.value (Sys.getenv_opt name) ~default:""

let row =
  lazy
    (let find channel =
       let rec next () =
         match String.split_on_char '\t' (input_line channel) with
         | [ unit; names ] when unit = env "MMAX_UNIT" -> Some (String.split_on_char ' ' names)
         | _ -> next ()
       in
       try next () with End_of_file -> None
     in
     match open_in (env "MMAX_USES") with
     | exception Sys_error _ -> None
     | channel -> Fun.protect ~finally:(fun () -> close_in channel) (fun () -> find channel))

(* what the driver will inline *)
let trivial body =
  let flat t = match t.Term.t_node with Term.Tvar _ | Term.Tconst _ -> true | Term.Tapp (_, l) -> l = [] | _ -> false in
  match body.Term.t_node with Term.Tapp (_, l) -> List.for_all flat l | Term.Ttrue | Term.Tfalse -> true | _ -> flat body

(* without numbers: WP numbers what a file declares, so that one name more moves those after it *)
let plain name =
  let number part = part <> "" && String.for_all (fun c -> '0' <= c && c <= '9') part in
  String.concat "_" (List.filter (fun part -> not (number part)) (String.split_on_char '_' name))

let few axiom definition task =
  let used = ref Sid.empty in
  let use ids = used := Sid.union ids !used in
  let keep d =
    use (Decl.get_decl_syms d);
    [ Theory.create_decl d ]
  in
  let defined (ls, body) = definition ls.Term.ls_name || trivial (snd (Decl.open_ls_defn body)) in
  let kept d =
    match d.Decl.d_node with
    | Decl.Dprop (Decl.Pgoal, _, _) -> keep d
    | Decl.Dprop (_, pr, _) -> if axiom pr.Decl.pr_name then keep d else []
    | _ when Sid.disjoint d.Decl.d_news !used -> []
    | Decl.Dlogic l when not (List.for_all defined l) -> List.concat_map (fun (ls, _) -> keep (Decl.create_param_decl ls)) l
    | _ -> keep d
  in
  let decls = Task.task_tdecls task in
  (* the symbols that drivers and transformations know by name *)
  let spoken td =
    match td.Theory.td_node with
    | Theory.Meta (_, args) ->
        List.iter
          (function
            | Theory.MAts ts -> use (Sid.singleton ts.Ty.ts_name)
            | Theory.MAls ls -> use (Sid.singleton ls.Term.ls_name)
            | _ -> ())
          args
    | _ -> ()
  in
  List.iter spoken decls;
  let gone = function Theory.MApr pr -> not (axiom pr.Decl.pr_name) | _ -> false in
  let one td =
    match td.Theory.td_node with
    | Theory.Decl d -> kept d
    | Theory.Meta (_, args) when List.exists gone args -> []
    | _ -> [ td ]
  in
  (* from the goal upwards, so that a declaration comes after all that speaks of it *)
  let left = List.fold_left (fun rest td -> one td @ rest) [] (List.rev decls) in
  List.fold_left Task.add_tdecl None left

let of_row names =
  let known = Hashtbl.create 97 in
  List.iter (fun name -> Hashtbl.replace known (plain name) ()) names;
  let named suffix id = Hashtbl.mem known (plain (id.Ident.id_string ^ suffix)) in
  few (named "") (named "'def")

let () =
  Trans.register_transform "mmax_few"
    (Trans.store (fun task -> match Lazy.force row with None -> task | Some names -> of_row names task))
    ~desc:"Keeps@ the@ axioms@ that@ proofs@ of@ the@ unit@ need.";
  Trans.register_transform "mmax_no_lemmas"
    (Trans.store (few (fun id -> not (String.starts_with ~prefix:"Q_" id.Ident.id_string)) (fun _ -> true)))
    ~desc:"Leaves@ out@ the@ lemmas@ of@ the@ specification."
