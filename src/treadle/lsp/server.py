"""The server: which request of the protocol is answered by what.

Input: requests over standard input. Output: answers over standard output. Each handler finds the text it is
about and hands it to the module of the feature. Non-goals: what the answers are.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer

from treadle import __version__
from treadle.lsp import (
    completion,
    diagnostics,
    edits,
    hover,
    items,
    navigation,
    outline,
    rename,
    semantic,
    signatures,
)
from treadle.lsp.documents import DELAY, Documents
from treadle.lsp.examination import Examination
from treadle.lsp.positions import Positions
from treadle.lsp.reading import Reading
from treadle.lsp.where import path_of

_ResultT = TypeVar("_ResultT")
_REFUSED = -32803  # RequestFailed


class SpecServer(LanguageServer):
    """A language server with the open specs of one editor.

    Attributes:
        hints: whether shapes are shown in the text; the editor's setting `treadle.inlayHints`.
    """

    def __init__(self, delay: float = DELAY) -> None:
        """Make a server; it begins with `start_io`."""
        super().__init__("treadle", __version__, lsp.TextDocumentSyncKind.Full)
        self.documents = Documents(self._publish, delay)
        self.hints = True

    @property
    def encoding(self) -> str:
        """How the editor counts columns."""
        return str(self.workspace.position_encoding or "utf-16")

    @property
    def folders(self) -> list[Path]:
        """The folders that the editor has open."""
        found = [path_of(folder) for folder in self.workspace.folders]
        return [path for path in found if path is not None and path.is_dir()]

    async def at(self, params: Any) -> tuple[Reading, int] | None:
        """The text that a request is about and its offset."""
        reading = await self.documents.reading(params.text_document.uri)
        if reading is None:
            return None
        return reading, Positions(reading.source, self.encoding).offset(params.position)

    def _publish(self, uri: str, found: Examination) -> None:
        shown = diagnostics.to_lsp(found, uri, self.encoding)
        self.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(uri, shown))
        if self.hints and _refreshes(self.client_capabilities):
            self.workspace_inlay_hint_refresh(None)


def _refreshes(client: lsp.ClientCapabilities) -> bool:
    hint = client.workspace.inlay_hint if client.workspace is not None else None
    return bool(hint is not None and hint.refresh_support)


def make_server(delay: float = DELAY) -> SpecServer:
    """A server with all features."""
    server = SpecServer(delay)
    for register in (_synchronise, _look, _navigate, _paint, _change):
        register(server)
    return server


def serve() -> None:
    """Answer over standard input and output until the editor ends it."""
    server = make_server()
    try:
        server.start_io()
    finally:
        server.documents.stop()


def _synchronise(server: SpecServer) -> None:
    """Texts as they are opened, changed and closed; settings."""

    @server.feature(lsp.INITIALIZE)
    def initialized(ls: SpecServer, params: lsp.InitializeParams) -> None:
        _configure(ls, params.initialization_options)

    @server.feature(lsp.WORKSPACE_DID_CHANGE_CONFIGURATION)
    def configured(ls: SpecServer, params: lsp.DidChangeConfigurationParams) -> None:
        _configure(ls, params.settings)

    @server.feature(lsp.TEXT_DOCUMENT_DID_OPEN)
    def opened(ls: SpecServer, params: lsp.DidOpenTextDocumentParams) -> None:
        ls.documents.change(params.text_document.uri, params.text_document.text)

    @server.feature(lsp.TEXT_DOCUMENT_DID_CHANGE)
    def changed(ls: SpecServer, params: lsp.DidChangeTextDocumentParams) -> None:
        uri = params.text_document.uri
        ls.documents.change(uri, ls.workspace.get_text_document(uri).source)

    @server.feature(lsp.TEXT_DOCUMENT_DID_SAVE)
    def saved(ls: SpecServer, params: lsp.DidSaveTextDocumentParams) -> None:
        uri = params.text_document.uri
        ls.documents.change(uri, ls.workspace.get_text_document(uri).source)

    @server.feature(lsp.TEXT_DOCUMENT_DID_CLOSE)
    def closed(ls: SpecServer, params: lsp.DidCloseTextDocumentParams) -> None:
        uri = params.text_document.uri
        ls.documents.close(uri)
        ls.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(uri, []))


def _configure(ls: SpecServer, settings: Any) -> None:
    """Take `inlayHints` from the editor's settings, bare or below `treadle`."""
    given = settings if isinstance(settings, dict) else {}
    own = given.get("treadle", given)
    wanted = own.get("inlayHints") if isinstance(own, dict) else None
    if isinstance(wanted, bool):
        ls.hints = wanted


def _or_refuse(work: Callable[[], _ResultT]) -> _ResultT:
    """The result of a renaming; a refusal becomes the protocol's error, which editors show."""
    try:
        return work()
    except rename.Refused as reason:
        raise JsonRpcException(str(reason), code=_REFUSED) from None


def _look(server: SpecServer) -> None:
    """Hover, completion, signatures."""

    @server.feature(lsp.TEXT_DOCUMENT_HOVER)
    async def hovered(ls: SpecServer, params: lsp.HoverParams) -> lsp.Hover | None:
        found = await ls.documents.examination(params.text_document.uri)
        if found is None:
            return None
        offset = Positions(found.reading.source, ls.encoding).offset(params.position)
        return hover.hover(found, offset, ls.encoding)

    options = lsp.CompletionOptions(trigger_characters=[".", "(", ",", '"', ">"], resolve_provider=True)

    @server.feature(lsp.TEXT_DOCUMENT_COMPLETION, options)
    async def completed(ls: SpecServer, params: lsp.CompletionParams) -> lsp.CompletionList:
        at = await ls.at(params)
        found = [] if at is None else completion.complete(*at)
        return lsp.CompletionList(is_incomplete=False, items=found)

    @server.feature(lsp.COMPLETION_ITEM_RESOLVE)
    def resolved(_ls: SpecServer, item: lsp.CompletionItem) -> lsp.CompletionItem:
        return items.resolve(item)

    @server.feature(lsp.TEXT_DOCUMENT_SIGNATURE_HELP, lsp.SignatureHelpOptions(["(", ","]))
    async def signed(ls: SpecServer, params: lsp.SignatureHelpParams) -> lsp.SignatureHelp | None:
        at = await ls.at(params)
        return None if at is None else signatures.signature_help(*at)


def _navigate(server: SpecServer) -> None:
    """Definitions, references, highlights, outline."""

    @server.feature(lsp.TEXT_DOCUMENT_DEFINITION)
    async def defined(ls: SpecServer, params: lsp.DefinitionParams) -> list[lsp.Location]:
        at = await ls.at(params)
        uri = params.text_document.uri
        return [] if at is None else navigation.definition(at[0], uri, at[1], ls.encoding)

    @server.feature(lsp.TEXT_DOCUMENT_REFERENCES)
    async def referred(ls: SpecServer, params: lsp.ReferenceParams) -> list[lsp.Location]:
        at = await ls.at(params)
        one = None if at is None else at[0].table.at(at[1])
        if one is None:
            return []
        readings = await ls.documents.readings(params.text_document.uri, ls.folders, one.symbol.name)
        wanted = params.context.include_declaration
        found = navigation.references(one.symbol, readings, declaration=wanted)
        return [
            lsp.Location(uri, Positions(reading.source, ls.encoding).range(span))
            for uri, reading, span in found
        ]

    @server.feature(lsp.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT)
    async def marked(ls: SpecServer, params: lsp.DocumentHighlightParams) -> list[lsp.DocumentHighlight]:
        at = await ls.at(params)
        return [] if at is None else navigation.highlights(*at, ls.encoding)

    @server.feature(lsp.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
    async def outlined(ls: SpecServer, params: lsp.DocumentSymbolParams) -> list[lsp.DocumentSymbol]:
        reading = await ls.documents.reading(params.text_document.uri)
        return [] if reading is None else outline.outline(reading, ls.encoding)

    @server.feature(lsp.WORKSPACE_SYMBOL)
    def searched(ls: SpecServer, params: lsp.WorkspaceSymbolParams) -> list[lsp.WorkspaceSymbol]:
        files = ls.documents.all_files(ls.folders, ls.encoding)
        return list(outline.workspace_symbols(params.query, files))


def _paint(server: SpecServer) -> None:
    """Semantic tokens, folding, shapes in the text."""

    @server.feature(lsp.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL, semantic.LEGEND)
    async def tokens(ls: SpecServer, params: lsp.SemanticTokensParams) -> lsp.SemanticTokens:
        reading = await ls.documents.reading(params.text_document.uri)
        return lsp.SemanticTokens([]) if reading is None else semantic.tokens(reading, ls.encoding)

    @server.feature(lsp.TEXT_DOCUMENT_FOLDING_RANGE)
    async def folded(ls: SpecServer, params: lsp.FoldingRangeParams) -> list[lsp.FoldingRange]:
        reading = await ls.documents.reading(params.text_document.uri)
        return [] if reading is None else semantic.folds(reading)

    @server.feature(lsp.TEXT_DOCUMENT_INLAY_HINT)
    async def hinted(ls: SpecServer, params: lsp.InlayHintParams) -> list[lsp.InlayHint]:
        found = await ls.documents.examination(params.text_document.uri) if ls.hints else None
        if found is None:
            return []
        positions = Positions(found.reading.source, ls.encoding)
        start, end = positions.offset(params.range.start), positions.offset(params.range.end)
        return semantic.hints(found, start, end, ls.encoding)


def _change(server: SpecServer) -> None:
    """Formatting, repairs, renaming."""

    @server.feature(lsp.TEXT_DOCUMENT_FORMATTING)
    async def formatted(ls: SpecServer, params: lsp.DocumentFormattingParams) -> list[lsp.TextEdit]:
        reading = await ls.documents.reading(params.text_document.uri)
        return [] if reading is None else edits.formatting(reading.source, ls.encoding)

    @server.feature(lsp.TEXT_DOCUMENT_RANGE_FORMATTING)
    async def part_formatted(ls: SpecServer, params: lsp.DocumentRangeFormattingParams) -> list[lsp.TextEdit]:
        reading = await ls.documents.reading(params.text_document.uri)
        lines = (params.range.start.line, params.range.end.line)
        return [] if reading is None else edits.formatting(reading.source, ls.encoding, lines)

    @server.feature(lsp.TEXT_DOCUMENT_CODE_ACTION, lsp.CodeActionOptions([lsp.CodeActionKind.QuickFix]))
    async def repaired(ls: SpecServer, params: lsp.CodeActionParams) -> list[lsp.CodeAction]:
        found = await ls.documents.examination(params.text_document.uri)
        if found is None:
            return []
        positions = Positions(found.reading.source, ls.encoding)
        start, end = positions.offset(params.range.start), positions.offset(params.range.end)
        return list(edits.repairs(found, params.text_document.uri, start, end, ls.encoding))

    @server.feature(lsp.TEXT_DOCUMENT_PREPARE_RENAME)
    async def prepared(ls: SpecServer, params: lsp.PrepareRenameParams) -> lsp.Range | None:
        at = await ls.at(params)
        one = None if at is None else at[0].table.at(at[1])
        if at is None or one is None:
            return None
        _or_refuse(lambda: rename.check_renamable(one.symbol, at[0]))
        return Positions(at[0].source, ls.encoding).range(one.span)

    @server.feature(lsp.TEXT_DOCUMENT_RENAME, lsp.RenameOptions(prepare_provider=True))
    async def renamed(ls: SpecServer, params: lsp.RenameParams) -> lsp.WorkspaceEdit | None:
        at = await ls.at(params)
        one = None if at is None else at[0].table.at(at[1])
        if one is None:
            return None
        readings = await ls.documents.readings(params.text_document.uri, ls.folders, one.symbol.name)
        files = await ls.documents.run(
            lambda: _or_refuse(lambda: rename.rename(one.symbol, params.new_name, readings))
        )
        return rename.workspace_edit(files, params.new_name, ls.encoding)
