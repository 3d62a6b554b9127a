# What zsh offers for a line: zsh -f capture.zsh FOLDER-OF-COMPLETIONS LINE
# zsh completes only in its line editor, so a second one runs on a terminal of its own.
zmodload zsh/zpty
zpty inner zsh -f -i
zpty -w inner "fpath=(${(q)1} \$fpath); autoload -Uz compinit; compinit -D -u; bindkey '^I' complete-word"
# What would be offered is printed instead; -O, -A and -D only fill arrays.
zpty -w inner 'compadd() {
  [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]] && { builtin compadd "$@"; return }
  local -a offered; builtin compadd -A offered "$@"; print -l -- "<offer>"$^offered "" }'
zpty -w inner 'ended() { print "<end>" }; comppostfuncs=(ended); print "<"ready">"'
zpty -r -m inner seen '*<ready>*'
zpty -w -n inner "$2"$'\t'
zpty -r -m inner seen '*<end>*'
print -r -- "$seen"
