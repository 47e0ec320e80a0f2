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

(* Goals of a unit share all but their last few dozen declarations. Those that would be kept without the goal come first, as one task for all goals
   that have them: what the transformations that follow made of it is then known to Why3, which remembers by task. *)
let few axiom definition =
  let shared = Hashtbl.create 7 in
  let task_of decls =
    let key = List.map Theory.td_hash decls in
    match Hashtbl.find_opt shared key with
    | Some task -> task
    | None ->
        let task = List.fold_left Task.add_tdecl None decls in
        Hashtbl.add shared key task;
        task
  in
  let defined (ls, body) = definition ls.Term.ls_name || trivial (snd (Decl.open_ls_defn body)) in
  let gone = function Theory.MApr pr -> not (axiom pr.Decl.pr_name) | _ -> false in
  (* the symbols that drivers and transformations know by name *)
  let spoken used td =
    match td.Theory.td_node with
    | Theory.Meta (_, args) ->
        List.fold_left
          (fun used -> function Theory.MAts ts -> Sid.add ts.Ty.ts_name used | Theory.MAls ls -> Sid.add ls.Term.ls_name used | _ -> used)
          used args
    | _ -> used
  in
  (* what is kept of these declarations, the last one first, if these symbols are used *)
  let kept used decls =
    let used = ref used in
    let keep d =
      used := Sid.union (Decl.get_decl_syms d) !used;
      [ Theory.create_decl d ]
    in
    let one td =
      match td.Theory.td_node with
      | Theory.Decl { d_node = Decl.Dprop (_, pr, _); _ } when not (axiom pr.Decl.pr_name) -> []
      | Theory.Decl ({ d_node = Decl.Dprop _; _ } as d) -> keep d
      | Theory.Decl d when Sid.disjoint d.Decl.d_news !used -> []
      | Theory.Decl { d_node = Decl.Dlogic l; _ } when not (List.for_all defined l) ->
          List.concat_map (fun (ls, _) -> keep (Decl.create_param_decl ls)) l
      | Theory.Decl d -> keep d
      | Theory.Meta (_, args) when not (List.exists gone args) -> [ td ]
      | _ -> []
    in
    (* upwards, so that a declaration comes after all that speaks of it *)
    List.fold_left (fun rest td -> one td @ rest) [] decls
  in
  fun task ->
    let goal, before = Task.task_separate_goal task in
    let decls = Task.task_tdecls before in
    let known = List.fold_left spoken Sid.empty decls and decls = List.rev decls in
    let always = kept known decls in
    let all = kept (match goal.Theory.td_node with Theory.Decl d -> Sid.union (Decl.get_decl_syms d) known | _ -> known) decls in
    let there = Hashtbl.create 997 in
    List.iter (fun td -> Hashtbl.replace there (Theory.td_hash td) ()) always;
    let more = List.filter (fun td -> not (Hashtbl.mem there (Theory.td_hash td))) all in
    List.fold_left Task.add_tdecl (task_of always) (more @ [ goal ])

let of_row names =
  let known = Hashtbl.create 97 in
  List.iter (fun name -> Hashtbl.replace known (plain name) ()) names;
  let named suffix id = Hashtbl.mem known (plain (id.Ident.id_string ^ suffix)) in
  few (named "") (named "'def")

let () =
  Trans.register_transform "mmax_few"
    (Trans.store
       (let cut = lazy (Option.map of_row (Lazy.force row)) in
        fun task -> match Lazy.force cut with None -> task | Some cut -> cut task))
    ~desc:"Keeps@ the@ axioms@ that@ proofs@ of@ the@ unit@ need.";
  Trans.register_transform "mmax_no_lemmas"
    (Trans.store (few (fun id -> not (String.starts_with ~prefix:"Q_" id.Ident.id_string)) (fun _ -> true)))
    ~desc:"Leaves@ out@ the@ lemmas@ of@ the@ specification."
