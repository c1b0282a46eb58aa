// Opens the table of contents beside a lesson, which no setting of JupyterLab's does. Small enough to
// be written by hand in the form that JupyterLab loads, so that nothing has to be built.
(() => {
  const NAME = "transformers-for-text-classification";
  const MOVE = "application:move-widget"; // JupyterLab has this command, Jupyter Notebook has not.

  const contents = {
    id: `${NAME}:contents`,
    description: "Opens the table of contents on the right where no layout is kept yet.",
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
