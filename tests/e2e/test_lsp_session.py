"""A session with `treadle lsp` over standard input and output, as an editor holds it.

One process serves all tests of this file; each opens texts of its own. Answers are awaited, nothing sleeps.
"""

from __future__ import annotations

import asyncio
import re
import sys
from collections import defaultdict
from pathlib import Path

import pytest
from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException
from pygls.lsp.client import LanguageClient

from support.editing import NET, at
from treadle.lsp.positions import Positions
from treadle.source import Source

ROOT = Path(__file__).parents[2]
LONGEST = 60  # seconds for one answer, on a loaded machine


class Editor:
    """What an editor does, one call at a time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.loop = asyncio.new_event_loop()
        self.client = LanguageClient("tests", "1")
        self.texts: dict[str, str] = {}
        self.found: dict[str, asyncio.Queue] = defaultdict(asyncio.Queue)
        self.client.feature(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)(
            lambda params: self.found[params.uri].put_nowait(params.diagnostics)
        )
        self.client.feature(lsp.WORKSPACE_INLAY_HINT_REFRESH)(lambda _params: None)

    def wait(self, answer):
        return self.loop.run_until_complete(asyncio.wait_for(answer, LONGEST))

    def begin(self) -> lsp.InitializeResult:
        self.wait(self.client.start_io(sys.executable, "-m", "treadle", "lsp", "--stdio"))
        able = lsp.ClientCapabilities(
            workspace=lsp.WorkspaceClientCapabilities(
                inlay_hint=lsp.InlayHintWorkspaceClientCapabilities(refresh_support=True)
            )
        )
        folder = lsp.WorkspaceFolder(self.folder.as_uri(), "specs")
        result = self.wait(
            self.client.initialize_async(lsp.InitializeParams(able, workspace_folders=[folder]))
        )
        self.client.initialized(lsp.InitializedParams())
        return result

    def end(self) -> int | None:
        self.wait(self.client.shutdown_async(None))
        self.client.exit(None)
        process = self.client._server
        code = self.wait(process.wait())
        self.wait(self.client.stop())
        self.loop.close()
        return code

    def open(self, name: str, text: str) -> str:
        uri = (self.folder / name).as_uri() if "." in name else f"untitled:{name}"
        self.texts[uri] = text
        item = lsp.TextDocumentItem(uri, "treadle", 1, text)
        self.client.text_document_did_open(lsp.DidOpenTextDocumentParams(item))
        return uri

    def change(self, uri: str, text: str, version: int) -> None:
        self.texts[uri] = text
        self.client.text_document_did_change(
            lsp.DidChangeTextDocumentParams(
                lsp.VersionedTextDocumentIdentifier(version, uri),
                [lsp.TextDocumentContentChangeWholeDocument(text)],
            )
        )

    def diagnostics(self, uri: str) -> list[lsp.Diagnostic]:
        return self.wait(self.found[uri].get())

    def place(self, uri: str, place: str) -> dict:
        source = Source(uri, self.texts[uri])
        position = Positions(source).position(at(source.text, place))
        return {"text_document": lsp.TextDocumentIdentifier(uri), "position": position}


@pytest.fixture(scope="module")
def editor(tmp_path_factory):
    editor = Editor(tmp_path_factory.mktemp("specs"))
    result = editor.begin()
    offered = result.capabilities
    assert result.server_info.name == "treadle"
    assert all(
        [
            offered.hover_provider,
            offered.completion_provider,
            offered.definition_provider,
            offered.rename_provider,
            offered.document_formatting_provider,
            offered.semantic_tokens_provider,
        ]
    )
    yield editor
    assert editor.end() == 0


def test_a_walk_through_a_spec(editor):
    uri = editor.open("walk.tdl", NET)
    client, wait, whole = editor.client, editor.wait, lsp.TextDocumentIdentifier(uri)
    assert list(editor.diagnostics(uri)) == []
    page = wait(client.text_document_hover_async(lsp.HoverParams(**editor.place(uri, "^h = x"))))
    assert "h: f32[N, 8]" in page.contents.value
    (target,) = wait(
        client.text_document_definition_async(
            lsp.DefinitionParams(**editor.place(uri, "x |> den^se(hidden)"))
        )
    )
    assert Path(target.uri).name == "dense.tdl"
    found = wait(
        client.text_document_references_async(
            lsp.ReferenceParams(lsp.ReferenceContext(True), **editor.place(uri, "model N^et"))
        )
    )
    assert [place.range.start.line for place in found] == [2, 20]
    edit = wait(
        client.text_document_rename_async(lsp.RenameParams(new_name="Mlp", **editor.place(uri, "model N^et")))
    )
    assert len(edit.changes[uri]) == 2
    items = wait(
        client.text_document_completion_async(lsp.CompletionParams(**editor.place(uri, "|> ^relu")))
    ).items
    gelu = next(item for item in items if item.label == "gelu")
    assert "fn gelu" in wait(client.completion_item_resolve_async(gelu)).documentation.value
    help_ = wait(
        client.text_document_signature_help_async(
            lsp.SignatureHelpParams(**editor.place(uri, "dense(^classes)"))
        )
    )
    assert help_.signatures[0].label.startswith("dense(units: int")
    blocks = wait(client.text_document_document_symbol_async(lsp.DocumentSymbolParams(whole)))
    assert [one.name for one in blocks] == ["Net", "Flowers", "train small", "sweep sizes"]
    marks = wait(
        client.text_document_document_highlight_async(
            lsp.DocumentHighlightParams(**editor.place(uri, "^h = x"))
        )
    )
    assert len(marks) == 2
    assert wait(client.text_document_semantic_tokens_full_async(lsp.SemanticTokensParams(whole))).data
    assert wait(client.text_document_folding_range_async(lsp.FoldingRangeParams(whole)))
    everything = lsp.Range(lsp.Position(0, 0), lsp.Position(99, 0))
    hints = wait(client.text_document_inlay_hint_async(lsp.InlayHintParams(whole, everything)))
    assert hints[0].label.startswith(": f32[N, 8]")
    options = lsp.FormattingOptions(2, True)
    assert not wait(client.text_document_formatting_async(lsp.DocumentFormattingParams(whole, options)))
    named = wait(client.workspace_symbol_async(lsp.WorkspaceSymbolParams("flow")))
    assert [one.name for one in named] == ["Flowers"]


def test_mistakes_come_and_go_while_typing(editor):
    uri = editor.open("unsaved", NET)
    assert list(editor.diagnostics(uri)) == []
    editor.change(uri, NET.replace("|> relu", "|> rellu"), 2)
    (wrong,) = editor.diagnostics(uri)
    assert (wrong.code, wrong.range.start.line) == ("E0301", 6)
    params = lsp.CodeActionParams(
        lsp.TextDocumentIdentifier(uri), wrong.range, lsp.CodeActionContext([wrong])
    )
    (action,) = editor.wait(editor.client.text_document_code_action_async(params))
    assert action.edit.changes[uri][0].new_text == "relu"
    editor.change(uri, NET.replace("|> relu", "|> "), 3)
    assert editor.diagnostics(uri)[0].code.startswith("E01")
    editor.change(uri, NET, 4)
    assert list(editor.diagnostics(uri)) == []


def test_files_that_use_a_changed_text_are_looked_at_again(editor):
    (editor.folder / "parts.tdl").write_text("fn half(x) = x / 2\n", "utf-8")
    main = editor.open("main.tdl", 'use "parts.tdl"\nmodel M {\n  input x: [N, 2]\n  output half(x)\n}\n')
    assert "E0301" not in {one.code for one in editor.diagnostics(main)}
    parts = editor.open("parts.tdl", "fn third(x) = x / 3\n")
    assert [one.code for one in editor.diagnostics(main) if one.code.startswith("E")] == ["E0301"]
    editor.change(parts, "fn half(x) = x / 2\n", 2)
    assert "E0301" not in {one.code for one in editor.diagnostics(main)}
    where = editor.place(main, "ha^lf(x)")
    edit = editor.wait(editor.client.text_document_rename_async(lsp.RenameParams(new_name="halved", **where)))
    assert {uri: len(edits) for uri, edits in edit.changes.items()} == {main: 1, parts: 1}


def test_a_refused_renaming_says_why(editor):
    uri = editor.open("refused.tdl", NET)
    with pytest.raises(JsonRpcException, match="belongs to the library"):
        editor.wait(
            editor.client.text_document_rename_async(
                lsp.RenameParams(new_name="soft", **editor.place(uri, "= soft^max"))
            )
        )


def test_no_text_on_the_way_to_a_spec_ends_the_session(editor):
    uri = editor.open("growing.tdl", "")
    whole = lsp.TextDocumentIdentifier(uri)
    asked = []

    async def answers():
        return await asyncio.gather(*asked)

    for version, end in enumerate(range(0, len(NET), 23), start=2):
        editor.change(uri, NET[:end], version)
        position = Positions(Source(uri, NET[:end])).position(end)
        place = {"text_document": whole, "position": position}
        asked += [
            editor.client.text_document_completion_async(lsp.CompletionParams(**place)),
            editor.client.text_document_signature_help_async(lsp.SignatureHelpParams(**place)),
            editor.client.text_document_definition_async(lsp.DefinitionParams(**place)),
            editor.client.text_document_document_symbol_async(lsp.DocumentSymbolParams(whole)),
        ]
    assert len(editor.wait(answers())) == len(asked)


def test_a_long_spec_is_answered(editor):
    count = 90
    names = ("Net", "Flowers", "small", "sizes")
    text = "\n".join(re.sub("|".join(names), rf"\g<0>{i}", NET) for i in range(count))
    assert text.count("\n") > 2000
    uri = editor.open("long.tdl", text)
    editor.wait(
        editor.client.text_document_document_symbol_async(
            lsp.DocumentSymbolParams(lsp.TextDocumentIdentifier(uri))
        )
    )
    where = editor.place(uri, "model Net4^0")
    (found,) = editor.wait(editor.client.text_document_definition_async(lsp.DefinitionParams(**where)))
    assert found.range.start.character == 6
    editor.client.text_document_did_close(lsp.DidCloseTextDocumentParams(lsp.TextDocumentIdentifier(uri)))
