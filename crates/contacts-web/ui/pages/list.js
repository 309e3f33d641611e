export const open = () => ({ title: "", element: document.createElement("div") });
