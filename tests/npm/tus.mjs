// The real tus-js-client uploads a file; what it did goes to standard output, a line of JSON an event.
// node tus.mjs URL USER FILE NAME STATE [--die-after BYTES]
// STATE is where it remembers uploads, as a browser does in its storage: a new process goes on there.
import fs from "node:fs";
import path from "node:path";
import { createRequire } from "node:module";

const require = createRequire(path.join(process.cwd(), "node_modules", "x.js"));
const tus = require("tus-js-client");
const [url, user, file, name, state, option, bytes] = process.argv.slice(2);
const tell = event => process.stdout.write(JSON.stringify(event) + "\n");

const upload = new tus.Upload(fs.createReadStream(file), {
    endpoint: url + "/_files/",
    chunkSize: 96 * 1024,
    uploadSize: fs.statSync(file).size,
    retryDelays: Array(40).fill(300),
    headers: { Authorization: "Basic " + Buffer.from(user + ":" + user).toString("base64"), Accept: "application/json" },
    metadata: { filename: name, filetype: "application/x-thing" },
    urlStorage: new tus.FileUrlStorage(state),
    storeFingerprintForResuming: true,
    fingerprint: async () => "the file " + file,
    removeFingerprintOnSuccess: true,
    onShouldRetry: error => {
        tell({ retry: error.originalResponse ? error.originalResponse.getStatus() : error.message.slice(0, 200) });
        return error.originalResponse?.getStatus() !== 409;
    },
    onProgress: (sent, all) => {
        if (option === "--die-after" && sent >= Number(bytes)) {
            tell({ died: sent });
            process.exit(3);
        }
    },
    onError: error => {
        const answer = error.originalResponse;
        tell({ error: answer ? answer.getStatus() : error.message, body: answer ? answer.getBody() : null });
        process.exit(1);
    },
    onSuccess: () => {
        tell({ done: upload.url });
        process.exit(0);
    },
});

const earlier = await upload.findPreviousUploads();
if (earlier.length) {
    tell({ resumed: earlier[0].uploadUrl });
    upload.resumeFromPreviousUpload(earlier[0]);
}
upload.start();
