// Opens the table of contents beside a lesson: JupyterLab has no setting for that. This file is small
// enough to be written by hand in the form that JupyterLab loads, so that nothing has to be built.
(() => {
  const NAME = "transformers-for-text-classification";
  const MOVE = "application:move-widget"; // JupyterLab has this command, Jupyter Notebook does not.

  const contents = {
    id: `${NAME}:contents`,
    description: "Opens the table of contents on the right if no layout is saved yet.",
    autoStart: true,
    activate: (app) => {
      // Not awaited: the layout is restored once every extension is active.
      app.shell.restored?.then((layout) => {
        if (layout?.fresh && app.commands.hasCommand(MOVE)) {
          return app.commands.execute(MOVE, { area: "right", id: "table-of-contents" });
        }
      });
    },
  };

  window._JUPYTERLAB ??= {};
  window._JUPYTERLAB[NAME] = {
    init: () => {},
    get: async () => () => ({ __esModule: true, default: contents }),
  };
})();
