// Before anything is painted: the appearance that was chosen last, if one was.
try { document.documentElement.dataset.theme = localStorage.getItem("smelt-theme") || ""; } catch { /* storage is off: as the system */ }
