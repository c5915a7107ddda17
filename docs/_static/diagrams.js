// Draws the diagrams of a page, in the colours of the site, and again when a reader changes between light and dark.

(() => {
  const blocks = [...document.querySelectorAll("div.highlight-mermaid")];
  const texts = blocks.map((block) => block.querySelector("pre").textContent);

  async function draw() {
    const dark = document.documentElement.dataset.theme === "dark";
    mermaid.initialize({ startOnLoad: false, theme: dark ? "dark" : "default", securityLevel: "strict" });
    for (const [index, block] of blocks.entries()) {
      const { svg } = await mermaid.render(`diagram-${index}`, texts[index]);
      block.className = "highlight-mermaid diagram";
      block.innerHTML = svg;
      block.firstElementChild.setAttribute("role", "img");
    }
  }

  let drawn = draw();
  const again = () => (drawn = drawn.then(draw));
  new MutationObserver(again).observe(document.documentElement, { attributeFilter: ["data-theme"] });
})();
