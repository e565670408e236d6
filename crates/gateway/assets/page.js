// The partner's page: files are sent in parts (tus 1.0.0), with progress, and go on after an interruption. Without it forms do.
'use strict';
(() => {
  const { csrf, who } = document.body.dataset;
  const PART_BYTES = 64 * 1024 * 1024;
  const PAUSE_MAX_MS = 30000;
  const ALIVE_MS = 60000;
  const KEY = `flotilla ${who} `;

  for (const time of document.querySelectorAll('time')) {
    const at = new Date(time.dateTime);
    if (!Number.isNaN(at.getTime())) time.textContent = at.toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });
  }
  document.addEventListener('submit', (event) => {
    const question = event.target.dataset.confirm;
    if (question && !window.confirm(question)) event.preventDefault();
  });

  const form = document.getElementById('send');
  if (!form) return;
  const chooser = form.elements.file;
  const list = form.querySelector('.uploads');
  const told = document.getElementById('told');
  let running = 0;

  const size = (bytes) => {
    const units = ['B', 'kB', 'MB', 'GB', 'TB'];
    let unit = 0;
    while (bytes >= 999.5 && unit + 1 < units.length) { bytes /= 1000; unit += 1; }
    return `${unit > 0 && bytes < 9.95 ? bytes.toFixed(1) : Math.round(bytes)} ${units[unit]}`;
  };
  const base64 = (text) => btoa(String.fromCharCode(...new TextEncoder().encode(text)));
  const wait = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

  // A reason for which trying again is of no use.
  class Refused extends Error {}

  // One request; the answer, or an error when there was none.
  const ask = (method, url, headers, body, begun) => new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(method, url);
    request.setRequestHeader('Tus-Resumable', '1.0.0');
    request.setRequestHeader('X-CSRF-Token', csrf);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.onload = () => resolve(request);
    request.onerror = () => reject(new Error('the connection was lost'));
    request.onabort = () => reject(new Error('paused'));
    if (begun) begun(request);
    request.send(body);
  });

  const refusal = (answer) => {
    let detail = `the server answered ${answer.status}`;
    try { const problem = JSON.parse(answer.responseText); detail = `${problem.title}: ${problem.detail}`; } catch { /* no document */ }
    if (answer.status === 401) return new Refused('You are not logged in any more: log in again and choose the file once more.');
    const passes = answer.status >= 500 || [408, 409, 423, 429].includes(answer.status);
    return passes && answer.status !== 507 ? new Error(detail) : new Refused(detail);
  };

  const element = (name, parent, text) => {
    const made = document.createElement(name);
    if (text) made.textContent = text;
    parent.append(made);
    return made;
  };
  const button = (parent, text, name, deed) => {
    const made = element('button', parent, text);
    made.type = 'button';
    made.setAttribute('aria-label', `${text} ${name}`);
    made.addEventListener('click', deed);
    return made;
  };

  class Upload {
    constructor(file, path) {
      this.file = file;
      this.path = path;
      this.key = `${KEY}${path}\n${file.size}\n${file.lastModified}`;
      this.item = element('li', list);
      element('span', this.item, path).className = 'name';
      this.progress = element('progress', this.item);
      this.progress.max = Math.max(file.size, 1);
      this.progress.value = 0;
      this.progress.setAttribute('aria-label', `Progress of ${path}`);
      this.state = element('span', this.item, 'waits');
      this.state.className = 'state';
      const keys = element('span', this.item);
      keys.className = 'keys';
      this.switch = button(keys, 'Pause', path, () => (this.isPaused ? this.resume() : this.pause()));
      this.giveUp = button(keys, 'Cancel', path, () => this.cancel());
    }

    say(text) { this.state.textContent = text; }

    show(bytes) {
      this.progress.value = bytes;
      this.say(`${Math.floor((100 * bytes) / this.progress.max)} % of ${size(this.file.size)}`);
    }

    label(text) {
      this.switch.textContent = text;
      this.switch.setAttribute('aria-label', `${text} ${this.path}`);
    }

    pause() {
      this.isPaused = true;
      this.label('Resume');
      if (this.request) this.request.abort();
      this.say('paused');
    }

    resume() {
      this.isPaused = false;
      this.label('Pause');
      this.run();
    }

    async cancel() {
      this.isPaused = true;
      this.isOver = true;
      if (this.request) this.request.abort();
      const url = localStorage.getItem(this.key);
      localStorage.removeItem(this.key);
      this.item.remove();
      if (url) await ask('DELETE', url, {}).catch(() => {});
    }

    async create() {
      const headers = { 'Upload-Length': this.file.size, 'Upload-Metadata': `path ${base64(this.path)}` };
      const answer = await ask('POST', '/uploads', headers);
      const url = answer.getResponseHeader('Location');
      if (answer.status !== 201 || !url) throw refusal(answer);
      localStorage.setItem(this.key, url);
      return url;
    }

    // How much is there; nothing when the upload is not known any more.
    async offset(url) {
      const answer = await ask('HEAD', url, {});
      if (answer.status === 404) return undefined;
      if (answer.status !== 200) throw refusal(answer);
      return Number(answer.getResponseHeader('Upload-Offset'));
    }

    async part(url, offset) {
      const headers = { 'Content-Type': 'application/offset+octet-stream', 'Upload-Offset': offset };
      const body = this.file.slice(offset, offset + PART_BYTES);
      try {
        const answer = await ask('PATCH', url, headers, body, (request) => {
          this.request = request;
          request.upload.onprogress = (event) => { if (!this.isPaused) this.show(Math.min(offset + event.loaded, this.file.size)); };
        });
        if (answer.status !== 204) throw refusal(answer);
        return Number(answer.getResponseHeader('Upload-Offset'));
      } finally {
        this.request = undefined;
      }
    }

    async send() {
      let url = localStorage.getItem(this.key) || await this.create();
      let offset = await this.offset(url);
      if (offset === undefined) {
        localStorage.removeItem(this.key);
        url = await this.create();
        offset = await this.offset(url);
      }
      if (offset > 0 && offset < this.file.size) this.from = offset;
      while (offset < this.file.size && !this.isPaused) {
        this.show(offset);
        offset = await this.part(url, offset);
      }
      return offset >= this.file.size;
    }

    async run() {
      if (this.isRunning) return;
      this.isRunning = true;
      running += 1;
      let pause = 1000;
      while (!this.isPaused) {
        try {
          if (await this.send()) { this.done(); break; }
        } catch (error) {
          if (this.isPaused) break;
          if (error instanceof Refused) { this.failed(error.message); break; }
          this.say(`${error.message}; goes on by itself`);
          await wait(pause);
          pause = Math.min(pause * 2, PAUSE_MAX_MS);
        }
      }
      running -= 1;
      this.isRunning = false;
      // Resumed before the broken part had ended.
      if (!this.isPaused && !this.isOver) this.run();
    }

    done() {
      this.isOver = true;
      localStorage.removeItem(this.key);
      this.progress.value = this.progress.max;
      this.item.classList.add('done');
      this.switch.remove();
      this.giveUp.remove();
      this.say(this.from ? `is here; it went on from ${size(this.from)}` : 'is here');
      told.textContent = `${this.path} is here`;
      renew();
    }

    failed(reason) {
      this.isOver = true;
      this.item.classList.add('failed');
      this.switch.remove();
      this.giveUp.remove();
      this.say(reason);
      told.textContent = `${this.path}: ${reason}`;
    }
  }

  // The list of files anew, without what is open on the page being lost.
  const renew = async () => {
    const answer = await fetch(window.location.pathname + window.location.search.replace(/[?&]notice=[^&]*/, ''));
    if (!answer.ok || answer.redirected) return;
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    const files = page.getElementById('files');
    if (files) document.getElementById('files').replaceWith(files);
  };

  const take = (files) => {
    const folder = [form.dataset.folder, form.elements.into.value.trim().replace(/^\/+|\/+$/g, '')].filter(Boolean).join('/');
    for (const file of files) {
      const path = folder ? `${folder}/${file.name}` : file.name;
      for (const left of list.querySelectorAll('[data-left]')) if (left.dataset.left === `${path}\n${file.size}\n${file.lastModified}`) left.remove();
      new Upload(file, path).run();
    }
  };

  // What an earlier visit has left unfinished.
  const showLeft = () => {
    for (let at = 0; at < localStorage.length; at += 1) {
      const key = localStorage.key(at);
      if (!key.startsWith(KEY)) continue;
      const [path, bytes] = key.slice(KEY.length).split('\n');
      const item = element('li', list);
      item.dataset.left = key.slice(KEY.length);
      element('span', item, path).className = 'name';
      element('span', item, `was interrupted: choose the same file (${size(Number(bytes))}) again, and it goes on`).className = 'state';
      const keys = element('span', item);
      keys.className = 'keys';
      button(keys, 'Cancel', path, async () => {
        const url = localStorage.getItem(key);
        localStorage.removeItem(key);
        item.remove();
        await ask('DELETE', url, {}).catch(() => {});
      });
    }
  };

  form.querySelector('button.primary').hidden = true;
  form.querySelector('.hint').hidden = false;
  form.addEventListener('submit', (event) => event.preventDefault());
  chooser.addEventListener('change', () => { take([...chooser.files]); chooser.value = ''; });
  form.addEventListener('dragover', (event) => { event.preventDefault(); form.classList.add('over'); });
  form.addEventListener('dragleave', () => form.classList.remove('over'));
  form.addEventListener('drop', (event) => {
    event.preventDefault();
    form.classList.remove('over');
    take([...event.dataTransfer.files]);
  });
  window.addEventListener('beforeunload', (event) => { if (running > 0) event.preventDefault(); });
  setInterval(() => { if (running > 0) fetch('/web/alive'); }, ALIVE_MS);
  showLeft();
})();
