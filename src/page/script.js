/* What a page can do beside what it does without a script: nothing here is needed to save anything.
   Drafts stay in this browser until they are saved; an open form says when somebody saved the row;
   the choices of a conflict show in the text at once. */
(() => {
'use strict';

const LOOK_EVERY = 20000;           // milliseconds between two looks for a newer version
const KEEP = 30 * 24 * 3600 * 1000; // how long a draft stays
const DRAFT = 'pg409 draft ', SENT = 'pg409 sent';
const OURS = ['_version', '_base', '_form', '_columns', '_token'];

const all = (selector, within) => [...(within || document).querySelectorAll(selector)];
const first = (selector, within) => (within || document).querySelector(selector);

/* An element with these properties and children; texts are texts, never markup. */
function make(tag, properties, ...children) {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
}

/* The browser may forbid its stores, or have no room left: then there are no drafts. */
function guarded(act) {
    try {
        return act();
    } catch {
        return null;
    }
}

const named = (form, name) => form.elements.namedItem(name);
const valueOf = (form, name) => named(form, name)?.value ?? '';

/* --- drafts ----------------------------------------------------------------------------------- */

const user = first('.who strong')?.textContent ?? '';
const done = new URLSearchParams(location.search).has('_done');
const draftKey = DRAFT + user + ' ' + location.pathname;

/* The controls that people fill in. */
const controls = form => all('input, select, textarea', form)
    .filter(control => control.name && !['hidden', 'submit', 'radio'].includes(control.type));
const content = control => control.type === 'checkbox' ? String(control.checked) : control.value;
const contents = form => Object.fromEntries(controls(form).map(control => [control.name, content(control)]));
const same = (one, two) => JSON.stringify(one) === JSON.stringify(two);

function ago(instant) {
    const minutes = Math.floor((Date.now() - instant) / 60000);
    if (minutes < 1)
        return 'just now';
    if (minutes < 120)
        return minutes + (minutes === 1 ? ' minute ago' : ' minutes ago');
    return 'on ' + new Date(instant).toLocaleString();
}

/* The notices of this script stand above the form, one of a kind. */
function notice(form, id, ...children) {
    first('#' + id)?.remove();
    const box = make('div', {className: 'notice', id}, ...children);
    box.setAttribute('role', 'status');
    form.before(box);
    return box;
}

function forgetOldDrafts() {
    for (const key of Object.keys(localStorage).filter(key => key.startsWith(DRAFT))) {
        const draft = guarded(() => JSON.parse(localStorage.getItem(key)));
        if (!draft || Date.now() - draft.at > KEEP)
            localStorage.removeItem(key);
    }
}

function putBack(form, draft) {
    for (const control of controls(form)) {
        if (!(control.name in draft.values))
            continue;
        if (control.type === 'checkbox')
            control.checked = draft.values[control.name] === 'true';
        else
            control.value = draft.values[control.name];
    }
    if (draft.ours._version === valueOf(form, '_version'))
        return false;
    /* It was typed into an older version: it is sent as what it is, and merged with the newer one. */
    for (const name of OURS)
        if (named(form, name) && name in draft.ours)
            named(form, name).value = draft.ours[name];
    return true;
}

function offerDraft(form, draft) {
    const back = make('button', {type: 'button'}, 'Put it back');
    const away = make('button', {type: 'button'}, 'Throw it away');
    const box = notice(form, 'draft-notice',
        make('p', {}, make('strong', {}, 'You typed something here ' + ago(draft.at) + ' that is not saved.'),
            ' It is kept in this browser.'),
        make('p', {className: 'actions'}, back, away));
    back.addEventListener('click', () => {
        const older = putBack(form, draft);
        box.replaceChildren(make('p', {}, older ? 'It is back. Somebody saved this row since: when you save, ' +
            'you see both changes, and nothing is overwritten.' : 'It is back. Save it when it is ready.'));
        controls(form)[0]?.focus();
    });
    away.addEventListener('click', () => {
        guarded(() => localStorage.removeItem(draftKey));
        box.remove();
        controls(form)[0]?.focus();
    });
}

function keepDraft(form, start) {
    const values = contents(form);
    if (same(values, start)) {
        guarded(() => localStorage.removeItem(draftKey));
        return;
    }
    const ours = Object.fromEntries(OURS.map(name => [name, valueOf(form, name)]));
    guarded(() => localStorage.setItem(draftKey, JSON.stringify({at: Date.now(), values, ours})));
}

function watchDraft(form) {
    const start = contents(form);
    const draft = guarded(() => JSON.parse(localStorage.getItem(draftKey)));
    let timer = 0, touched = false;
    const keep = () => {
        clearTimeout(timer);
        if (touched)
            keepDraft(form, start);
    };
    if (draft && same(draft.values, start))
        guarded(() => localStorage.removeItem(draftKey));
    else if (draft)
        offerDraft(form, draft);
    form.addEventListener('input', () => {
        touched = true;
        clearTimeout(timer);
        timer = setTimeout(keep, 400);
    });
    addEventListener('pagehide', keep);
}

/* A form that was sent: when the next page says that it is done, its draft goes. */
function noteSending() {
    addEventListener('submit', event => {
        const target = new URL(event.submitter?.formAction || event.target.action);
        const keys = [draftKey, DRAFT + user + ' ' + target.pathname];
        guarded(() => sessionStorage.setItem(SENT, JSON.stringify(keys)));
    });
    if (done)
        guarded(() => JSON.parse(sessionStorage.getItem(SENT)).forEach(key => localStorage.removeItem(key)));
}

/* --- a newer version -------------------------------------------------------------------------- */

/* What stands at the form's address now: null when it cannot be had. */
async function fetchPage() {
    const answer = await fetch(location.pathname, {headers: {Accept: 'text/html'}});
    return answer.ok ? new DOMParser().parseFromString(await answer.text(), 'text/html') : null;
}

/* The labels of the columns that are different in two pages of one row. */
function changedLabels(form, other) {
    const mine = guarded(() => JSON.parse(valueOf(form, '_base'))) ?? {};
    const theirs = guarded(() => JSON.parse(valueOf(other, '_base'))) ?? {};
    return Object.keys(theirs).filter(name => theirs[name] !== mine[name])
        .map(name => named(form, name.startsWith('_') ? '_' + name : name)?.labels?.[0]?.childNodes[0].textContent.trim() ?? name);
}

function sayNewer(form, labels, start) {
    const pristine = same(contents(form), start);
    const merge = make('button', {type: 'submit', name: '_review', value: '1', formNoValidate: true},
        'Merge it in now');
    const words = labels.length ? ' Changed: ' + labels.join(', ') + '.' : '';
    merge.setAttribute('form', form.id);
    notice(form, 'newer-notice',
        make('p', {}, make('strong', {}, 'This row was saved while you had it open.'), words,
            pristine ? '' : ' What you typed is still here, and nothing is overwritten.'),
        make('p', {className: 'actions'}, pristine
            ? make('a', {className: 'button', href: location.pathname}, 'Show how it is now') : merge));
}

function watchVersion(form) {
    const start = contents(form);
    let known = valueOf(form, '_version'), busy = false;
    form.id = form.id || 'row-form';
    async function look() {
        if (busy || document.hidden)
            return;
        busy = true;
        try {
            const answer = await fetch(location.pathname,
                {headers: {Accept: 'application/json', 'If-None-Match': '"' + known + '"'}, cache: 'no-store'});
            const version = answer.headers.get('PG409-Version');
            if (answer.status === 404) {
                notice(form, 'newer-notice', make('p', {}, make('strong', {}, 'This row was deleted while you had it open.'),
                    ' What you typed is still here. Save it to be asked what shall become of it.'));
                known = '';
            } else if (answer.status === 200 && version && version !== known) {
                const other = first('form.card', await fetchPage() ?? document);
                sayNewer(form, changedLabels(form, other ?? form), start);
                known = version;
            }
        } catch {
            /* no network: the next look will tell */
        } finally {
            busy = false;
        }
    }
    setInterval(look, LOOK_EVERY);
    addEventListener('focus', look);
    document.addEventListener('visibilitychange', look);
}

/* --- the choices of a conflict ---------------------------------------------------------------- */

/* Two sides one behind the other, as the program joins them. */
const both = (one, two) => one && two && !/[ \n]$/.test(one) && !/^[ \n]/.test(two) ? one + ' ' + two : one + two;

/* A place as it is chosen; until then, mine. */
function chosen(form, column, place) {
    const mine = valueOf(form, `_mine.${column}.${place}`), theirs = valueOf(form, `_theirs.${column}.${place}`);
    const line = mine.endsWith('\n') || theirs.endsWith('\n');
    switch (first(`[name="${CSS.escape(`_place.${column}.${place}`)}"]:checked`, form)?.value) {
    case 'theirs':
        return theirs;
    case 'mine-theirs':
        return both(mine, theirs);
    case 'theirs-mine':
        return both(theirs, mine);
    case 'own': {
        const own = valueOf(form, `_own.${column}.${place}`);
        return own && line && !own.endsWith('\n') ? own + '\n' : own;
    }
    default:
        return mine;
    }
}

function wholeText(form, column, places) {
    let text = '';
    for (let place = 0; place <= places; place++) {
        text += valueOf(form, `_text.${column}.${place}`);
        if (place < places)
            text += chosen(form, column, place);
    }
    return named(form, `_cut.${column}`) && text.endsWith('\n') ? text.slice(0, -1) : text;
}

/* The whole text follows the choices until somebody changes it; then it is what counts. */
function showChoices(form, box) {
    const count = first('input[name^="_places."]', box);
    const column = count.name.slice('_places.'.length), places = Number(count.value);
    const whole = first('.whole textarea', box), instead = first('.whole [type=checkbox]', box);
    if (!whole)
        return;
    const name = whole.name;
    const follow = () => {
        if (instead.checked)
            return;
        whole.removeAttribute('name'); /* what only follows is not sent: the choices are */
        whole.value = wholeText(form, column, places);
    };
    const changed = event => {
        if (event.target === whole) {
            instead.checked = true;
            whole.name = name;
        } else {
            follow();
        }
    };
    box.addEventListener('change', changed);
    box.addEventListener('input', changed);
    instead.addEventListener('change', () => {
        if (instead.checked)
            whole.name = name;
    });
    if (!first('.whole .wrong', box))
        follow();
}

/* "2 of 3 chosen", beside the button. */
function countChoices(form) {
    const groups = () => [...new Set(all('[type=radio]', form).map(radio => radio.name))];
    const output = make('span', {className: 'hint'});
    const count = () => {
        const open = groups().filter(name => !first(`[name="${CSS.escape(name)}"]:checked`, form)).length;
        output.textContent = open === 0 ? 'Everything is chosen.' : open === 1 ? 'One choice is missing.' :
            open + ' choices are missing.';
    };
    if (groups().length === 0)
        return;
    output.setAttribute('role', 'status');
    first('.actions .main', form)?.after(output);
    form.addEventListener('change', count);
    count();
}

/* --- ------------------------------------------------------------------------------------------ */

guarded(forgetOldDrafts);
noteSending();
const form = first('main > form.card');
if (form && named(form, '_token'))
    watchDraft(form);
/* Only where the row's own address is: an unfinished edit or an old version is opened elsewhere. */
const isRow = form && named(form, '_version') && new URL(form.action).pathname === location.pathname;
if (isRow && !first('main > .notice.bad'))
    watchVersion(form);
const resolve = first('form.resolve');
if (resolve) {
    all('.woven', resolve).forEach(box => showChoices(resolve, box));
    countChoices(resolve);
}
})();
