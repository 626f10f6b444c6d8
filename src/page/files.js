/* Uploads in parts: a bar that shows how far, a pause, and a way to go on after the network, the
   browser or the server was away. The form works without this script; what it adds is that nothing
   has to be sent twice, and that no limit on one request stands in the way. */
(() => {
'use strict';

const PART = 96 * 1024;        // bytes a request: mod_fcgid takes no more than 128 KiB
const LONGEST_WAIT = 30000;    // milliseconds between two tries
const KEPT = 'pg409 upload ';
const TUS = {'Tus-Resumable': '1.0.0', Accept: 'application/json'};

/* An element with these properties and children; texts are texts, never markup. */
function make(tag, properties, ...children) {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
}

/* The browser may forbid its stores: then an upload cannot be taken up after it was closed. */
function guarded(act) {
    try {
        return act();
    } catch {
        return null;
    }
}

const user = document.querySelector('.who strong')?.textContent ?? '';
const wait = milliseconds => new Promise(done => setTimeout(done, milliseconds));
const base64 = text => btoa(String.fromCharCode(...new TextEncoder().encode(text)));

function size(bytes) {
    const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];
    let unit = 0;
    while (bytes >= 1000 && unit < units.length - 1) {
        bytes /= 1000;
        unit++;
    }
    return (unit && bytes < 10 ? bytes.toFixed(1) : Math.round(bytes)) + ' ' + units[unit];
}

/* One file on its way. */
class Upload {
    constructor(file, name, version, endpoint, finished) {
        Object.assign(this, {file, name, version, endpoint, finished});
        this.offset = 0;
        this.paused = false;
        this.bar = make('progress', {max: Math.max(file.size, 1), value: 0});
        this.bar.setAttribute('aria-label', 'Upload of ' + name);
        this.words = make('span', {className: 'hint'});
        this.words.setAttribute('role', 'status');
        this.buttons = make('span', {className: 'buttons'});
        this.title = make('strong', {}, name);
        this.row = make('li', {}, this.title, ' ', this.bar, ' ', this.words, ' ', this.buttons);
    }

    get key() {
        return [KEPT + user, this.name, this.file.size, this.file.lastModified, this.version ?? ''].join(' ');
    }

    say(words, ...buttons) {
        this.words.textContent = words;
        this.buttons.replaceChildren(...buttons);
    }

    button(words, act) {
        const button = make('button', {type: 'button'}, words);
        button.addEventListener('click', act);
        return button;
    }

    progress() {
        this.bar.value = this.offset;
        this.words.textContent = size(this.offset) + ' of ' + size(this.file.size);
    }

    sending() {
        this.say('', this.button('Pause', () => this.pause()), this.button('Stop', () => this.stop()));
        this.progress();
    }

    pause() {
        this.paused = true;
        this.abort?.abort();
        this.say('Paused at ' + size(this.offset) + '.',
            this.button('Go on', () => this.run()), this.button('Stop', () => this.stop()));
    }

    async stop() {
        this.stopped = this.paused = true;
        this.abort?.abort();
        guarded(() => localStorage.removeItem(this.key));
        this.say('Stopped. Nothing of it was stored.');
        this.row.classList.add('done');
        if (this.url)
            await fetch(this.url, {method: 'POST', headers: {...TUS, 'X-HTTP-Method-Override': 'DELETE'}}).catch(() => {});
        this.finished();
    }

    ask(url, method, headers, body) {
        this.abort = new AbortController();
        const reads = method === 'HEAD' || method === 'GET';
        const overridden = reads ? {} : {'X-HTTP-Method-Override': method};
        return fetch(url, {method: reads ? method : 'POST', cache: 'no-store', body,
            headers: {...TUS, ...overridden, ...headers}, signal: this.abort.signal});
    }

    /* Tries until there is an answer that is one. */
    async insist(act) {
        for (let pause = 1000; !this.paused; pause = Math.min(pause * 2, LONGEST_WAIT)) {
            try {
                const answer = await act();
                if (answer.status < 500 || answer.status === 507)
                    return answer;
            } catch {
                /* no network, or paused */
            }
            if (this.paused)
                break;
            const left = Math.random() * pause;
            this.words.textContent = 'The connection is away. It goes on by itself in a moment.';
            await wait(left);
        }
        return null;
    }

    async create() {
        const pairs = ['filename ' + base64(this.name)];
        if (this.file.type)
            pairs.push('filetype ' + base64(this.file.type));
        if (this.version)
            pairs.push('version ' + base64(this.version));
        const answer = await this.insist(() => this.ask(this.endpoint, 'POST',
            {'Upload-Length': String(this.file.size), 'Upload-Metadata': pairs.join(',')}));
        if (!answer)
            return false;
        if (answer.status !== 201) {
            await this.refused(answer);
            return false;
        }
        this.url = answer.headers.get('Location');
        this.offset = Number(answer.headers.get('Upload-Offset'));
        guarded(() => localStorage.setItem(this.key, this.url));
        return true;
    }

    /* Where it stands; false when it is not there any more. */
    async look() {
        const answer = await this.insist(() => this.ask(this.url, 'HEAD', {}));
        if (!answer)
            return false;
        if (answer.status === 409) {
            /* all of it is there, and kept, for its name was taken meanwhile: who has it? */
            const kept = await this.insist(() => this.ask(this.url, 'GET', {}));
            if (kept)
                await this.refused(kept);
            return false;
        }
        if (!answer.ok) {
            guarded(() => localStorage.removeItem(this.key));
            this.url = null;
            return this.create();
        }
        this.offset = Number(answer.headers.get('Upload-Offset'));
        return true;
    }

    async run() {
        this.paused = false;
        this.sending();
        this.url = this.url ?? guarded(() => localStorage.getItem(this.key));
        if (!(this.url ? await this.look() : await this.create()))
            return;
        while (this.offset < this.file.size && !this.paused) {
            this.progress();
            const part = this.file.slice(this.offset, this.offset + PART);
            const answer = await this.insist(() => this.ask(this.url, 'PATCH', {'Upload-Offset': String(this.offset),
                'Content-Type': 'application/offset+octet-stream'}, part));
            if (!answer)
                return;
            if (answer.ok) {
                this.offset = Number(answer.headers.get('Upload-Offset'));
            } else if (!await this.again(answer)) {
                return;
            }
        }
        if (!this.paused)
            this.stored();
    }

    /* An answer got lost and the part is stored, or the upload is gone: then it goes on from there. */
    async again(answer) {
        const problem = await answer.clone().json().catch(() => ({}));
        if (problem.reason === 'upload-offset' || answer.status === 404)
            return this.look();
        await this.refused(answer);
        return false;
    }

    stored() {
        guarded(() => localStorage.removeItem(this.key));
        this.bar.value = this.bar.max;
        this.say('Stored.');
        this.row.classList.add('done');
        this.fine = true;
        this.finished();
    }

    /* The name is taken, or the file cannot be taken at all: nothing was overwritten. */
    async refused(answer) {
        const problem = await answer.json().catch(() => ({}));
        guarded(() => localStorage.removeItem(this.key));
        this.row.classList.add('wrong-file');
        if (problem.instance) {
            this.say(problem.detail, make('a', {className: 'button', href: problem.instance}, 'Decide what becomes of it'));
        } else if (problem.proposed && problem.current !== undefined) {
            const other = this.button('Save as ' + problem.proposed, () => this.as(problem.proposed, null));
            const replace = this.button('Replace it', () => this.as(this.name, problem.current._version));
            const away = this.button('Let it go', () => this.stop());
            this.say(problem.detail, other, ...(problem.current ? [replace] : []), away);
        } else {
            this.say(problem.detail ?? 'It could not be stored.', this.button('Try again', () => this.as(this.name, this.version)));
        }
        this.finished();
    }

    as(name, version) {
        Object.assign(this, {name, version, url: null, offset: 0});
        this.row.classList.remove('wrong-file');
        this.title.textContent = name;
        this.run();
    }
}

/* A form for uploads, with what is under way from it below it. */
function watch(form) {
    const input = form.querySelector('input[type=file]');
    const version = form.elements.namedItem('_version')?.value;
    const list = make('ul', {className: 'uploads'});
    const uploads = [];
    const only = version ? decodeURIComponent(new URL(form.action).pathname.split('/').pop()) : null;
    const endpoint = only ? form.action.slice(0, form.action.lastIndexOf('/') + 1) : form.action;
    const next = only ? form.action + '/_about' : form.action;

    function finished() {
        if (uploads.length && uploads.every(upload => upload.fine || upload.stopped) && uploads.some(upload => upload.fine))
            location.assign(next + '?_done=uploaded');
    }

    function take(files) {
        for (const file of files) {
            const upload = new Upload(file, only ?? file.name, version, endpoint, finished);
            uploads.push(upload);
            list.append(upload.row);
            upload.run();
        }
    }

    form.append(list);
    form.addEventListener('submit', event => {
        event.preventDefault();
        take(input.files);
        form.reset();
    });
    form.addEventListener('dragover', event => {
        event.preventDefault();
        form.classList.add('over');
    });
    form.addEventListener('dragleave', () => form.classList.remove('over'));
    form.addEventListener('drop', event => {
        event.preventDefault();
        form.classList.remove('over');
        take(only ? [...event.dataTransfer.files].slice(0, 1) : event.dataTransfer.files);
    });
    addEventListener('beforeunload', event => {
        if (uploads.some(upload => !upload.fine && !upload.stopped && !upload.paused && upload.offset < upload.file.size &&
            !upload.row.classList.contains('wrong-file')))
            event.preventDefault();
    });
    form.querySelector('.help')?.append(' Files can be dropped here too.');
}

document.querySelectorAll('form.upload').forEach(watch);
})();
