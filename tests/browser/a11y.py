"""What a page owes to people who see, hear or point differently: check(person) names each fault.

Runs in the page: the browser's own idea of names, colours and boxes; and axe, which knows more rules
than we do and fewer of ours.
"""

import functools

import stack

CHECKS = r"""
const faults = [];
const all = (selector, within) => [...(within || document).querySelectorAll(selector)];
const fault = (element, words) => faults.push(words + ': ' +
    (element.outerHTML || String(element)).replace(/\s+/g, ' ').slice(0, 160));
const rendered = element => element.checkVisibility ? element.checkVisibility() : true;
const words = element => (element.textContent || '').trim();

// The document.
if (!document.documentElement.lang) fault(document.documentElement, 'no lang');
if (!document.title.trim()) fault(document.documentElement, 'no title');
if (!document.querySelector('meta[name=viewport]')) fault(document.head, 'no viewport');
for (const [selector, most] of [['main', 1], ['header', 1], ['h1', 1]])
    if (all(selector).length !== most) fault(document.body, all(selector).length + ' ' + selector);
if (!all('nav').every(nav => nav.getAttribute('aria-label'))) fault(document.body, 'a nav without a name');

// Unique ids, and nothing points nowhere.
const ids = all('[id]').map(element => element.id);
ids.filter((id, i) => ids.indexOf(id) !== i).forEach(id => fault(document.getElementById(id), 'id twice'));
for (const name of ['aria-describedby', 'aria-labelledby', 'for'])
    for (const element of all('[' + name + ']'))
        for (const id of element.getAttribute(name).split(/\s+/))
            if (!document.getElementById(id)) fault(element, name + ' names nothing');
for (const link of all('a[href^="#"]'))
    if (!document.getElementById(decodeURIComponent(link.hash.slice(1)))) fault(link, 'a link to nothing');

// Headings in order.
let level = 0;
for (const heading of all('h1, h2, h3, h4, h5, h6')) {
    const now = Number(heading.tagName[1]);
    if (now > level + 1) fault(heading, 'a level is left out');
    if (!words(heading)) fault(heading, 'an empty heading');
    level = now;
}

// Names.
for (const control of all('input:not([type=hidden]), select, textarea'))
    if (!control.labels || ![...control.labels].some(words)) fault(control, 'no label');
for (const control of all('button, a[href], summary'))
    if (!words(control) && !control.getAttribute('aria-label')) fault(control, 'no name');
for (const image of all('img')) if (!image.hasAttribute('alt')) fault(image, 'no alt');
for (const group of all('fieldset'))
    if (!group.querySelector('legend') || !words(group.querySelector('legend'))) fault(group, 'no legend');
for (const radio of all('input[type=radio]')) if (!radio.closest('fieldset')) fault(radio, 'not in a group');
for (const cell of all('th')) {
    if (!['row', 'col'].includes(cell.scope)) fault(cell, 'no scope');
    if (!words(cell)) fault(cell, 'an empty head');
}
for (const box of all('*'))
    if (/auto|scroll/.test(getComputedStyle(box).overflowX) && box.scrollWidth > box.clientWidth &&
        box.tagName !== 'TEXTAREA' && box.tabIndex < 0) fault(box, 'scrolls, but not by keyboard');

// Contrast of each piece of text with what is behind it.
const parse = colour => {
    const [r, g, b, a = 1] = colour.match(/[\d.]+/g).map(Number);
    return {rgb: [r, g, b], a};
};
const over = (top, below) => top.rgb.map((c, i) => c * top.a + below[i] * (1 - top.a));
const luminance = rgb => rgb.map(c => c / 255).map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
const behind = element => {
    const stack = [];
    for (let at = element; at; at = at.parentElement) stack.unshift(parse(getComputedStyle(at).backgroundColor));
    return stack.reduce((below, layer) => over(layer, below), DARK ? [18, 18, 18] : [255, 255, 255]);
};
const contrast = (one, two) => {
    const [low, high] = [luminance(one), luminance(two)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
};
const judge = (element, colour) => {
    const ground = behind(element), ratio = contrast(over(parse(colour), ground), ground);
    if (ratio < 4.5) fault(element, 'contrast ' + ratio.toFixed(2));
};
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
for (let node; (node = walker.nextNode());) {
    const element = node.parentElement;
    if (node.data.trim() && rendered(element) && !element.closest('.sr'))
        judge(element, getComputedStyle(element).color);
}
for (const control of all('input:not([type=hidden]), select, textarea')) {
    const style = getComputedStyle(control);
    if (!rendered(control)) continue;
    judge(control, style.color);
    if (control.placeholder) judge(control, getComputedStyle(control, '::placeholder').color);
    if (['checkbox', 'radio'].includes(control.type)) continue;
    if (contrast(parse(style.borderTopColor).rgb, behind(control.parentElement)) < 3) fault(control, 'a faint border');
}

// Large enough to hit: 24 pixels, except links within sentences.
for (const control of all('button, .button, summary, label.choice, select')) {
    const box = control.getBoundingClientRect();
    if (rendered(control) && (box.width < 24 || box.height < 24)) fault(control, 'too small to hit');
}
return faults;
"""

# The ring of what has the focus: there, thick enough, and unlike its ground.
FOCUS = r"""
const faults = [];
for (const element of document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex]')) {
    if (element.checkVisibility && !element.checkVisibility()) continue;
    element.focus({focusVisible: true});
    if (document.activeElement !== element) continue;
    const style = getComputedStyle(element), box = element.getBoundingClientRect();
    const ring = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
    if (!ring || box.width === 0 || box.right <= 0)
        faults.push('focus is not seen: ' + element.outerHTML.slice(0, 160));
}
document.activeElement.blur();
return faults;
"""


@functools.cache
def axe():
    return (stack.npm_packages() / "node_modules/axe-core/axe.min.js").read_text()


# Every rule that axe has, best practices and those it calls experimental too.
AXE = r"""
const done = arguments[arguments.length - 1];
const rules = Object.fromEntries(axe.getRules().map(rule => [rule.ruleId, {enabled: true}]));
delete rules['color-contrast-enhanced'];  // AAA: 7 to 1
rules['target-size'] = {enabled: true};
axe.run(document, {rules}).then(result => done(result.violations.flatMap(violation =>
    violation.nodes.map(node => `axe ${violation.id}: ${node.html.slice(0, 160)}`))), error => done([String(error)]));
"""


def ask_axe(person):
    person.script(axe())
    return person.driver.execute_async_script(AXE)


def check(person):
    """All faults of the page at hand, in light and in dark."""
    faults = person.script(FOCUS)
    for dark in (False, True):
        person.screen(1200, dark=dark)
        found = person.script(f"const DARK = {str(dark).lower()};" + CHECKS)
        found += ask_axe(person)
        faults += [("dark: " if dark else "") + fault for fault in found]
    person.screen(1200)
    return faults


def overflow(person, width=360):
    """What makes the page itself scroll sideways on a narrow screen; nothing should."""
    person.screen(width, 740)
    wide = person.script("""
        const edge = document.documentElement.clientWidth;
        if (document.documentElement.scrollWidth <= edge) return [];
        return [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > edge + 1
            && !e.closest('.scroll')).map(e => e.outerHTML.slice(0, 120)).concat('the page');""")
    person.screen(1200)
    return wide
