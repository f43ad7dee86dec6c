// What the page does by itself: it sends the chosen clip, and moves through the frames of an answer.
window.astsvm = {
  // Shows the name of the chosen clip, and takes one that is dropped.
  prepare(element) {
    const input = element.querySelector("input[type=file]");
    const drop = element.querySelector(".drop");
    const tell = () => {
      const file = input.files[0];
      const size = file ? ` (${(file.size / 2 ** 20).toFixed(1)} MB)` : "";
      element.querySelector(".chosen").textContent = file ? file.name + size : "";
      drop.classList.toggle("full", Boolean(file));
    };
    input.addEventListener("change", tell);
    for (const name of ["dragenter", "dragover", "dragleave", "drop"]) {
      drop.addEventListener(name, (event) => {
        event.preventDefault();
        drop.classList.toggle("over", name === "dragenter" || name === "dragover");
      });
    }
    drop.addEventListener("drop", (event) => {
      if (!event.dataTransfer.files.length) return;
      const one = new DataTransfer();
      one.items.add(event.dataTransfer.files[0]);
      input.files = one.files;
      tell();
    });
  },

  // Sends the chosen clip; returns its ticket, or why there is none.
  async send() {
    const input = document.getElementById("clip-file");
    const file = input.files[0];
    if (!file) return ["", "Choose a video first: drop it on the field, or click there."];
    if (file.size > Number(input.dataset.most)) return ["", input.dataset.refusal];
    const drop = input.closest(".drop");
    drop.classList.add("sending");
    try {
      const answer = await fetch("clip?name=" + encodeURIComponent(file.name), {
        method: "POST",
        headers: { "Content-Type": "application/octet-stream" },
        body: file,
      });
      const told = await answer.json();
      return answer.ok ? [told.ticket, ""] : ["", told.reason];
    } catch {
      return ["", "The clip could not be sent. Is the app still running?"];
    } finally {
      drop.classList.remove("sending");
    }
  },

  // Shows one frame, and the features that belong to it.
  scrub(slider) {
    const scrubber = slider.closest(".scrubber");
    for (const tile of scrubber.querySelectorAll("[data-point]")) {
      tile.hidden = tile.dataset.point !== slider.value;
    }
    scrubber.querySelector("output").textContent = slider.value;
    scrubber.querySelectorAll(".strip button").forEach((button, index) => {
      if (index + 1 === Number(slider.value)) button.setAttribute("aria-current", "true");
      else button.removeAttribute("aria-current");
    });
  },

  pick(button, point) {
    const slider = button.closest(".scrubber").querySelector("input[type=range]");
    slider.value = point;
    this.scrub(slider);
  },

  // On a narrow screen an answer lies below the questions.
  showAnswer() {
    const answer = document.getElementById("answer");
    if (answer && answer.getBoundingClientRect().top > window.innerHeight / 2) {
      answer.scrollIntoView({ behavior: "instant", block: "start" });
    }
  },
};
