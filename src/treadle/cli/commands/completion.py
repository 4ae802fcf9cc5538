"""`treadle completion SHELL`: the script by which a shell completes Treadle's command lines."""

from typing import Annotated

import typer

from treadle.cli.completion import FLAG, SHELLS
from treadle.errors import did_you_mean, fail

ShellArgument = Annotated[str, typer.Argument(metavar="SHELL", help=f"One of: {', '.join(SHELLS)}.")]

# Each asks Treadle itself, with the words of the line up to the cursor. Bash splits words at `=` too.
_SCRIPTS = {
    "bash": r"""_treadle() {
    local words=("${COMP_WORDS[@]:1:COMP_CWORD}") joined=() word
    for word in "${words[@]}"; do
        local last=$((${#joined[@]} - 1))
        if [[ $last -ge 0 && ( $word == "=" || ${joined[$last]} == --*= ) ]]; then
            joined[$last]+=$word
        else
            joined+=("$word")
        fi
    done
    local current=${words[${#words[@]} - 1]} line=${joined[${#joined[@]} - 1]}
    [[ $current == "=" ]] && current=
    local prefix=${line%"$current"}
    COMPREPLY=()
    while IFS= read -r word; do
        COMPREPLY+=("${word#"$prefix"}")
    done < <(treadle FLAG "${joined[@]}" 2>/dev/null)
    [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == */ ]] && compopt -o nospace 2>/dev/null
    return 0
}
complete -F _treadle treadle
""",
    "zsh": r"""#compdef treadle
_treadle() {
    local -a found
    found=(${(f)"$(treadle FLAG "${(@)words[2,CURRENT]}" 2>/dev/null)"})
    local -a folders others
    folders=(${(M)found:#*/}) others=(${found:#*/})
    compadd -S '' -- $folders
    compadd -- $others
}
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
compdef _treadle treadle
""",
    "fish": r"""function __treadle_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -e words[1]
    treadle FLAG $words "$current" 2>/dev/null
end
complete -c treadle -f -a '(__treadle_complete)'
""",
}


def run(shell: ShellArgument) -> None:
    """Print the script that completes commands, options, specs and runs by Tab: bash, zsh or fish.

    In bash: eval "$(treadle completion bash)"
    """
    script = _SCRIPTS.get(shell)
    if script is None:
        hint = did_you_mean(shell, SHELLS) or f"shells are: {', '.join(SHELLS)}"
        fail("E1003", f"there is no completion for `{shell}`", hint=hint)
    print(script.replace("FLAG", FLAG), end="")
