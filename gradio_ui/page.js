// What the page does in the browser: keys, the PNG that is dropped, downloads, and the pictures of this session.
(() => {
  const KEPT = "imagine-pictures";
  const THUMBNAIL = 256;
  const $ = id => document.getElementById(id);
  let channel = null; // reaches Python: the Gradio component that stands in for this script

  addEventListener("keydown", event => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      document.activeElement?.blur(); // Gradio takes over numbers that are being typed
      setTimeout(() => $("generate")?.click(), 50);
    }
    if (event.key === "Escape") $("cancel")?.click();
  }, true);

  // The text chunk `parameters` of a PNG: tEXt holds Latin-1, iTXt UTF-8. The file never leaves the browser.
  async function parametersOf(file) {
    const bytes = new Uint8Array(await file.arrayBuffer());
    const view = new DataView(bytes.buffer);
    for (let at = 8; at + 12 <= bytes.length; at += 12 + view.getUint32(at)) {
      const type = new TextDecoder("latin1").decode(bytes.slice(at + 4, at + 8));
      const data = bytes.slice(at + 8, at + 8 + view.getUint32(at));
      const key = new TextDecoder("latin1").decode(data.slice(0, data.indexOf(0)));
      if (key !== "parameters") continue;
      if (type === "tEXt") return new TextDecoder("latin1").decode(data.slice(11));
      if (type === "iTXt" && !data[11]) return new TextDecoder().decode(data.slice(data.indexOf(0, data.indexOf(0, 13) + 1) + 1));
    }
    return "";
  }

  async function restoreFrom(file) {
    if (file) channel?.("upload", { infotext: await parametersOf(file) });
  }

  addEventListener("dragover", event => event.preventDefault());
  addEventListener("drop", event => {
    if (!event.dataTransfer.files.length) return;
    event.preventDefault();
    restoreFrom(event.dataTransfer.files[0]);
  });

  function download(picture, name) {
    const link = document.createElement("a");
    Object.assign(link, { href: picture.src, download: name });
    link.click();
  }

  addEventListener("click", event => {
    const { query, download: name } = event.target.dataset ?? {};
    if (query) channel?.("submit", { query });
    if (name) download(event.target.closest("figure").querySelector("img"), name);
  });

  // Pictures that leave the gallery go to the history, which sessionStorage keeps until the tab is closed.
  const shown = new Map();

  async function thumbnail(figure) {
    const copy = figure.cloneNode(true), picture = copy.querySelector("img");
    await figure.querySelector("img").decode();
    if (picture.naturalWidth <= THUMBNAIL && picture.naturalHeight <= THUMBNAIL) return copy.outerHTML;
    const scale = THUMBNAIL / Math.max(picture.naturalWidth, picture.naturalHeight);
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [picture.naturalWidth * scale, picture.naturalHeight * scale];
    canvas.getContext("2d").drawImage(figure.querySelector("img"), 0, 0, canvas.width, canvas.height);
    picture.src = canvas.toDataURL("image/webp", 0.8);
    copy.querySelector("[data-download]").remove(); // a thumbnail is not the picture
    return copy.outerHTML;
  }

  async function keep(figure) {
    const kept = [await thumbnail(figure), ...JSON.parse(sessionStorage.getItem(KEPT) ?? "[]")];
    while (kept.length) {
      try { return sessionStorage.setItem(KEPT, JSON.stringify(kept)); } catch { kept.pop(); } // full: forget the oldest
    }
  }

  function show(html) {
    $("history-list").insertAdjacentHTML("afterbegin", html);
    $("history").hidden = false;
  }

  function follow(gallery) {
    new MutationObserver(() => {
      const present = new Set();
      for (const figure of gallery.querySelectorAll("figure")) {
        present.add(figure.dataset.key);
        if (shown.has(figure.dataset.key)) continue;
        shown.set(figure.dataset.key, figure.outerHTML);
        keep(figure);
      }
      for (const [key, html] of shown) {
        if (present.has(key)) continue;
        shown.delete(key);
        show(html);
      }
    }).observe(gallery, { childList: true, subtree: true });
  }

  window.imaginePage = (element, trigger) => {
    channel = trigger;
    element.querySelector("input[type=file]").addEventListener("change", event => {
      restoreFrom(event.target.files[0]);
      event.target.value = "";
    });
    for (const html of JSON.parse(sessionStorage.getItem(KEPT) ?? "[]").reverse()) show(html);
    follow($("pictures"));
  };
})();
