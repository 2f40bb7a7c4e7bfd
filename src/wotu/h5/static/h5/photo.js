// A photo that is larger than may be sent is made smaller on the phone. Others go as they are: of one picture that two
// people send, the files are the same.
"use strict";

const LARGEST = 5_000_000;
const LONGEST_SIDE = 3_000;

async function smaller(file) {
  const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
  const scale = Math.min(1, LONGEST_SIDE / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(picture.width * scale));
  canvas.height = Math.max(1, Math.round(picture.height * scale));
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  const made = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.8));
  const files = new DataTransfer();
  files.items.add(new File([made], "photo.jpg", { type: "image/jpeg" }));
  return files.files;
}

for (const input of document.querySelectorAll("input[type=file][name=photo]")) {
  input.addEventListener("change", async () => {
    const file = input.files[0];
    if (!file || file.size <= LARGEST) return;
    const button = input.form.querySelector("button");
    button.disabled = true;
    try {
      input.files = await smaller(file);
    } catch {
      // What the browser cannot read goes as it is; the page then says what is wrong with it.
    } finally {
      button.disabled = false;
    }
  });
}
