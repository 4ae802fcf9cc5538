// The client: starts `treadle lsp` and hands the editor's texts to it. All knowledge of the language is there.

const path = require("path");
const vscode = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

let client;

function settings() {
  return vscode.workspace.getConfiguration("treadle");
}

// A path with a separator is meant from the folder that is open; a bare name is searched on the path.
function command() {
  const given = settings().get("command", "treadle");
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath;
  return folder && /[\\/]/.test(given) && !path.isAbsolute(given) ? path.join(folder, given) : given;
}

async function start() {
  const run = { command: command(), args: ["lsp"] };
  const options = {
    documentSelector: [{ language: "treadle" }],
    initializationOptions: { inlayHints: settings().get("inlayHints", true) },
    synchronize: { configurationSection: "treadle" },
  };
  client = new LanguageClient("treadle", "Treadle", run, options);
  try {
    await client.start();
  } catch (error) {
    const hint = 'Install it with: pip install "treadle[lsp]", or set treadle.command.';
    vscode.window.showErrorMessage(`\`${run.command} lsp\` could not be started. ${hint} (${error.message})`);
  }
}

async function stop() {
  const running = client;
  client = undefined;
  if (running?.isRunning()) {
    await running.stop();
  }
}

async function activate(context) {
  const restart = vscode.commands.registerCommand("treadle.restart", async () => {
    await stop();
    await start();
  });
  const changed = vscode.workspace.onDidChangeConfiguration(async (event) => {
    if (event.affectsConfiguration("treadle.command")) {
      await vscode.commands.executeCommand("treadle.restart");
    }
  });
  context.subscriptions.push(restart, changed);
  await start();
}

module.exports = { activate, deactivate: stop };
