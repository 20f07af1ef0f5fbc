// What test_site.py asks of a page: one object of functions, each of which returns what is not as it should be.
({
  // What a reader does: steps every stepper to its end and back, answers each of its questions and every quiz, wrong in
  // each way that the author foresaw, then right. `expected`: the page's steppers as their records have them, in
  // order: {title, steps, predict: [{step, answer, wrong}]}.
  walk: (expected) => {
    const problems = [], plain = (text) => text.replaceAll("`", "");
    const steppers = [...document.querySelectorAll(".ug-stepper")], quizzes = [...document.querySelectorAll(".ug-quiz")];
    let answered = 0;
    const wants = (ok, ...words) => { if (!ok) problems.push(words.join(" ")); };
    const type = (field, text) => {
      field.value = text;
      field.dispatchEvent(new InputEvent("input", { bubbles: true }));
      field.form.requestSubmit();
    };

    wants(steppers.length === expected.length, `${steppers.length} steppers are alive, ${expected.length} stand in the page`);
    steppers.forEach((root, n) => {
      const { title, steps, predict } = expected[n], name = `stepper ${n + 1} (${title})`;
      const at = () => Number(root.querySelector(".ug-counter b").textContent), box = root.querySelector(".ug-question");
      const said = () => box.querySelector("[role=status]")?.textContent ?? "", shown = () => root.querySelector(".ug-next").textContent;
      const press = (key, to) => {
        root.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
        wants(at() === to, `${name}: ${key} goes to step ${at()}, not ${to}`);
      };
      const button = (label) => [...box.querySelectorAll("button")].find((one) => one.textContent === label);
      press("Home", 0);
      for (const { step, answer, wrong } of predict) {
        const where = `${name}, question at step ${step}`, field = () => box.querySelector("input");
        press("End", step);
        if (box.hidden || !field()) { problems.push(`${where}: not asked`); continue; }
        type(field(), "no value!");
        wants(box.querySelector("[role=alert]").textContent.includes("no value"), `${where}: takes words for a value`);
        for (const [held, believed] of Object.entries(wrong)) {
          type(field(), `0x${held}`);
          wants(said().startsWith("No.") && said().includes(plain(believed)), `${where}: 0x${held} is told: ${said()}`);
          button("Ask again").click();
        }
        type(field(), `0x${answer}`);
        wants(said().startsWith("Yes."), `${where}: the right answer 0x${answer} is told: ${said()}`);
        answered += 1;
        button("Go on").click();
        wants(at() === step + 1, `${where}: "Go on" goes to step ${at()}`);
      }
      press("End", steps);
      wants(shown().startsWith("End"), `${name}: the end says: ${shown()}`);
      if (steps) press("ArrowLeft", steps - 1);
      press("Home", 0);
      for (let step = 1; step <= Math.min(steps, 8); step++) press("ArrowRight", step);
      for (const label of ["Over the call", "Out of the function", "To the next call", "To the end", "Back", "To the start", "Forward"]) {
        root.querySelector(`button[aria-label="${label}"]`).click();
        wants(at() >= 0 && at() <= steps && shown() !== "", `${name}: "${label}" goes to step ${at()}`);
      }
      wants(at() === Math.min(1, steps), `${name}: to the start and forward goes to step ${at()}`);
      const help = root.querySelector(".ug-help");
      press("?", at());
      wants(!help.hidden && help.textContent.includes("one instruction forward"), `${name}: ? shows no keys`);
      press("?", at());
    });

    quizzes.forEach((place, n) => {
      const asked = JSON.parse(place.dataset.quiz), form = place.querySelector("form"), name = `quiz ${n + 1} (${plain(asked.text)})`;
      if (!form) { problems.push(`${name}: no form`); return; }
      const said = () => place.querySelector("[role=status]")?.textContent ?? "", field = form.querySelector("input[type=text]");
      const boxes = [...form.querySelectorAll("input:not([type=text])")];
      const choose = (wanted) => {
        boxes.forEach((box, i) => { if (box.checked !== wanted(i)) box.click(); });
        form.requestSubmit();
      };
      form.requestSubmit();
      wants(form.querySelector("[role=alert]").textContent !== "", `${name}: takes nothing for an answer`);
      const { choices } = asked;
      choices.forEach((choice, i) => {
        if (choice.right && asked.kind === "several") return;
        choose((j) => j === i);
        const verdict = choice.right ? "Yes." : "No.";
        wants(choice.says && said().startsWith(verdict) && said().includes(plain(choice.says)), `${name}: "${choice.text}" is told: ${said()}`);
      });
      if (asked.kind === "several") choose((i) => choices[i].right);
      if (field) {
        type(field, "so many");
        wants(form.querySelector("[role=alert]").textContent.includes("so many"), `${name}: takes words for an answer`);
        for (const [typed, believed] of Object.entries(asked.wrong)) {
          type(field, typed);
          wants(said().startsWith("No.") && said().includes(plain(believed)), `${name}: ${typed} is told: ${said()}`);
        }
        for (const right of asked.answer) {
          type(field, right);
          wants(said().startsWith("Yes.") && said().includes(plain(asked.says)), `${name}: the right answer ${right} is told: ${said()}`);
        }
      } else {
        if (choices.at(-1).right === false && asked.kind === "one") choose((i) => choices[i].right);
        wants(said().startsWith("Yes."), `${name}: the right answer is told: ${said()}`);
      }
      answered += 1;
    });
    return { problems, answered };
  },

  // What has no words for those who do not see it, whose place for the keyboard is not the text's, what moves although
  // the reader asked for no motion, headings out of order, and a page wider than its window.
  look: () => {
    const told = (e) => `<${e.tagName.toLowerCase()} class="${e.getAttribute('class') ?? ''}">`;
    const named = (e) => e.getAttribute('aria-label') || e.getAttribute('aria-labelledby');
    const hidden = (e) => e.closest('[aria-hidden=true], [hidden], script, template') || !e.getClientRects().length;
    const all = (what) => [...document.querySelectorAll(what)].filter((e) => !hidden(e));
    const levels = all('h1, h2, h3, h4, h5, h6').filter((e) => e.closest('article')).map((e) => Number(e.tagName[1]));
    return [
      ...[...document.images].filter((e) => !e.hasAttribute('alt')).map((e) => `${told(e)} has no alt`),
      ...all('svg').filter((e) => !named(e) && !e.closest('a, button, summary')).map((e) => `${told(e)} has no name`),
      ...all('svg.ug-svg').filter((e) => !e.querySelector('desc')?.textContent.trim())
        .map((e) => `${told(e)} has no text alternative`),
      ...all('[tabindex]').filter((e) => e.tabIndex > 0).map((e) => `${told(e)} has a place of its own in the order`),
      ...document.getAnimations().map((a) => `${told(a.effect.target)} moves`),
      ...levels.flatMap((level, i) => (level > (levels[i - 1] ?? 0) + 1 ? [`a heading skips to level ${level}`] : [])),
      ...(document.documentElement.scrollWidth > innerWidth ? ['the page is wider than the window'] : []),
      ...(document.title.trim() ? [] : ['the page has no title']),
    ];
  },

  // Contrast takes axe seconds a page, most of them for the words of listings. It follows from ink, ground, size and
  // weight: of the elements that have them alike, the one with the fewest elements in it is marked for axe.
  alike: () => {
    const least = new Map(), ground = (e) => {
      for (; e; e = e.parentElement) {
        const { backgroundColor, backgroundImage, opacity } = getComputedStyle(e);
        if (backgroundImage !== 'none' || opacity !== '1' || !/, 0\)$|^transparent$/.test(backgroundColor))
          return `${backgroundColor} ${backgroundImage} ${opacity}`;
      }
      return '';
    };
    for (const e of document.querySelectorAll('[data-alike]')) e.removeAttribute('data-alike');
    for (const e of document.body.querySelectorAll('*')) {
      if (!e.getClientRects().length || ![...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim())) continue;
      const { color, fontSize, fontWeight } = getComputedStyle(e), inside = e.querySelectorAll('*').length;
      const key = [color, fontSize, fontWeight, ground(e)].join();
      if (inside < (least.get(key)?.[0] ?? Infinity)) least.set(key, [inside, e]);
    }
    for (const [, e] of least.values()) e.setAttribute('data-alike', '');
    return least.size;
  },

  // Where the keyboard is: whether that is in sight, looks other than it did, and comes after where it was.
  focused: () => {
    const now = document.activeElement, last = window.lastFocused, box = now.getBoundingClientRect();
    window.lastFocused = now;
    const style = getComputedStyle(now);
    return {
      name: (now.getAttribute('aria-label') || now.textContent || now.tagName).trim().slice(0, 60),
      visible: box.width > 0 && box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
      // A slider marks its thumb and a node of the call graph its shape, of which no style of theirs tells.
      marked: style.outlineStyle !== 'none' || style.boxShadow !== 'none' || now.matches('[type=range], g.node'),
      follows: !last || Boolean(last.compareDocumentPosition(now) & Node.DOCUMENT_POSITION_FOLLOWING),
    };
  },
})
