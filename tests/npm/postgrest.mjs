// Drives pg409 with the client that PostgREST's users have, the way they use it. The address of the
// server is in PG409_URL; the tables are those of tests/e2e/test_postgrest_js.py.
import assert from 'node:assert/strict'
import { beforeEach, describe, test } from 'node:test'
import { createRequire } from 'node:module'

const { PostgrestClient } = createRequire(process.env.PG409_NPM + '/')('@supabase/postgrest-js')
const url = process.env.PG409_URL
const login = 'Basic ' + Buffer.from('anna:anna').toString('base64')
const other = 'Basic ' + Buffer.from('bob:bob').toString('base64')
const db = new PostgrestClient(url, { headers: { Authorization: login } })
const bob = new PostgrestClient(url, { headers: { Authorization: other } })

// Every row is put back as it was, guarded like any other write.
async function reset () {
  const { data } = await db.from('post').select('id,_version')
  for (const row of data) await db.from('post').delete().eq('id', row.id).eq('_version', row._version)
  const { error } = await db.from('post').insert([
    { id: 1, title: 'One', author: 1, n: 1, tags: ['a', 'b'], data: { colour: 'red', deep: { k: 1 } }, span: '[1,5)' },
    { id: 2, title: 'Two', author: 2, n: 2, tags: ['b'], data: { colour: 'blue', deep: { k: 2 } }, span: '[5,9)' },
    { id: 3, title: 'Three words here', author: 2, n: null, tags: [], data: null, span: null }
  ])
  assert.equal(error, null)
}

const ids = ({ data, error }) => {
  assert.equal(error, null)
  return data.map(row => row.id)
}

beforeEach(reset)

describe('reading', () => {
  test('all columns, with the version', async () => {
    const { data, error, status } = await db.from('post').select()
    assert.deepEqual([error, status, data.length], [null, 200, 3])
    assert.match(data[0]._version, /^\d{4}-.*Z$/)
  })
  test('columns, aliases, casts, json paths', async () => {
    const { data } = await db.from('post').select('name:title, n::text, data->>colour, k:data->deep->k').eq('id', 1)
    assert.deepEqual(data, [{ name: 'One', n: '1', colour: 'red', k: 1 }])
  })
  test('related tables, both ways', async () => {
    const { data } = await db.from('post').select('title, author(name)').eq('id', 1)
    assert.deepEqual(data, [{ title: 'One', author: { name: 'Ada' } }])
    const authors = await db.from('author').select('name, post(id)').order('id').order('id', { referencedTable: 'post', ascending: false })
    assert.deepEqual(authors.data, [{ name: 'Ada', post: [{ id: 1 }] }, { name: 'Bob', post: [{ id: 3 }, { id: 2 }] }])
    const inner = await db.from('author').select('name, post!inner(id)').eq('post.title', 'One')
    assert.deepEqual(inner.data, [{ name: 'Ada', post: [{ id: 1 }] }])
    const limited = await db.from('author').select('id, post(id)').eq('id', 2).limit(1, { referencedTable: 'post' })
    assert.equal(limited.data[0].post.length, 1)
  })
  const q = () => db.from('post').select('id').order('id')
  const filters = {
    eq: [q => q.eq('title', 'One'), [1]],
    neq: [q => q.neq('title', 'One'), [2, 3]],
    gt: [q => q.gt('id', 1), [2, 3]],
    gte: [q => q.gte('id', 2), [2, 3]],
    lt: [q => q.lt('id', 2), [1]],
    lte: [q => q.lte('id', 2), [1, 2]],
    like: [q => q.like('title', 'T%'), [2, 3]],
    ilike: [q => q.ilike('title', '%WO%'), [2, 3]],
    likeAllOf: [q => q.likeAllOf('title', ['T%', '%wo']), [2]],
    likeAnyOf: [q => q.likeAnyOf('title', ['O%', '%wo']), [1, 2]],
    ilikeAllOf: [q => q.ilikeAllOf('title', ['t%', '%WO']), [2]],
    ilikeAnyOf: [q => q.ilikeAnyOf('title', ['o%', '%WO']), [1, 2]],
    'is null': [q => q.is('n', null), [3]],
    in: [q => q.in('title', ['One', 'a,b', 'Two']), [1, 2]],
    contains: [q => q.contains('tags', ['b']), [1, 2]],
    'contains json': [q => q.contains('data', { colour: 'red' }), [1]],
    containedBy: [q => q.containedBy('tags', ['b', 'c']), [2, 3]],
    overlaps: [q => q.overlaps('tags', ['a', 'x']), [1]],
    rangeGt: [q => q.rangeGt('span', '[1,5)'), [2]],
    rangeGte: [q => q.rangeGte('span', '[5,6)'), [2]],
    rangeLt: [q => q.rangeLt('span', '[5,9)'), [1]],
    rangeLte: [q => q.rangeLte('span', '[1,5)'), [1]],
    rangeAdjacent: [q => q.rangeAdjacent('span', '[5,9)'), [1]],
    textSearch: [q => q.textSearch('title', 'three & words'), [3]],
    'textSearch plain': [q => q.textSearch('title', 'words here', { type: 'plain', config: 'english' }), [3]],
    'textSearch phrase': [q => q.textSearch('title', 'three words', { type: 'phrase' }), [3]],
    'textSearch web': [q => q.textSearch('title', 'three -four', { type: 'websearch', config: 'simple' }), [3]],
    match: [q => q.match({ title: 'Two', n: 2 }), [2]],
    not: [q => q.not('n', 'is', null), [1, 2]],
    or: [q => q.or('id.eq.1,and(n.is.null,title.like.Three*)'), [1, 3]],
    'json path': [q => q.eq('data->>colour', 'blue'), [2]],
    'json path deep': [q => q.gt('data->deep->k', 1), [2]],
    filter: [q => q.filter('id', 'in', '("1","3")'), [1, 3]]
  }
  for (const [name, [use, expected]] of Object.entries(filters)) {
    test('filter ' + name, async () => assert.deepEqual(ids(await use(q())), expected))
  }
  test('order, limit, range', async () => {
    assert.deepEqual(ids(await db.from('post').select('id').order('n', { ascending: false, nullsFirst: true })), [3, 2, 1])
    assert.deepEqual(ids(await db.from('post').select('id').order('n', { nullsFirst: false })), [1, 2, 3])
    assert.deepEqual(ids(await q().limit(2)), [1, 2])
    assert.deepEqual(ids(await q().range(1, 2)), [2, 3])
  })
  test('counts', async () => {
    const page = await db.from('post').select('id', { count: 'exact' }).range(0, 0)
    assert.deepEqual([page.count, page.data.length, page.status], [3, 1, 206])
    const head = await db.from('post').select('*', { count: 'exact', head: true }).gt('id', 1)
    assert.deepEqual([head.count, head.data, head.error], [2, null, null])
    for (const count of ['planned', 'estimated']) assert.ok((await db.from('post').select('id', { count })).count >= 0)
  })
  test('one row, perhaps', async () => {
    assert.equal((await db.from('post').select('title').eq('id', 1).single()).data.title, 'One')
    const none = await db.from('post').select().eq('id', 99).single()
    assert.deepEqual([none.data, none.status, none.error.code], [null, 406, 'PGRST116'])
    assert.match(none.error.details, /0 rows/)
    assert.deepEqual(await db.from('post').select('id').eq('id', 99).maybeSingle().then(r => [r.data, r.error]), [null, null])
    assert.ok((await db.from('post').select('id').maybeSingle()).error)
    assert.equal((await db.from('post').select('id').single()).error.code, 'PGRST116')
  })
  test('csv', async () => {
    const { data } = await db.from('post').select('id,title').lt('id', 3).order('id').csv()
    assert.equal(data, 'id,title\r\n1,One\r\n2,Two\r\n')
  })
  test('what is unknown is an error object', async () => {
    for (const result of [await db.from('post').select('nothing'), await db.from('post').select().eq('nothing', 1),
      await db.from('post').select().order('nothing'), await db.from('post').select('nothing(id)')]) {
      assert.equal(result.status, 400)
      assert.match(result.error.details, /nothing/)
      assert.ok(result.error.message && result.error.hint)
    }
    const table = await db.from('nothing').select()
    assert.deepEqual([table.status, table.error.code], [404, 'PGRST205'])
  })
})

describe('writing', () => {
  test('insert one, nothing comes back', async () => {
    const { data, error, status } = await db.from('post').insert({ id: 10, title: 'Ten' })
    assert.deepEqual([data, error, status], [null, null, 201])
  })
  test('insert and select', async () => {
    const { data } = await db.from('post').insert({ id: 10, title: 'Ten', author: 1 }).select('id, author(name), _version').single()
    assert.deepEqual([data.id, data.author], [10, { name: 'Ada' }])
    assert.ok(data._version)
  })
  test('insert many, with defaults', async () => {
    const { data, error, count } = await db.from('post').insert([{ id: 10, title: 'Ten', n: 5 }, { id: 11, title: 'Eleven' }],
      { defaultToNull: false, count: 'exact' }).select('id, n')
    assert.deepEqual([error, data, count], [null, [{ id: 10, n: 5 }, { id: 11, n: 7 }], 2])
    const nulls = await db.from('post').insert([{ id: 12, title: 'a', n: 5 }, { id: 13, title: 'b' }]).select('n')
    assert.deepEqual(nulls.data, [{ n: 5 }, { n: null }])
  })
  test('a value that is taken', async () => {
    const { error, status } = await db.from('post').insert({ id: 1, title: 'again' })
    assert.deepEqual([status, error.code], [409, '23505'])
  })
  test('upsert is refused and says what to do', async () => {
    const { error, status } = await db.from('post').upsert({ id: 1, title: 'over' })
    assert.deepEqual([status, error.code], [422, 'merge-duplicates'])
    assert.match(error.hint, /PATCH/)
    assert.equal((await db.from('post').select('title').eq('id', 1).single()).data.title, 'One')
    const passed = await db.from('post').upsert([{ id: 1, title: 'over' }, { id: 20, title: 'new' }], { ignoreDuplicates: true }).select('id')
    assert.deepEqual([passed.error, passed.data], [null, [{ id: 20 }]])
  })
  test('a guarded update', async () => {
    const { data: seen } = await db.from('post').select('id, title, updated_at').eq('id', 1).single()
    const { data, error } = await db.from('post').update({ title: 'Uno' }).eq('id', 1).eq('updated_at', seen.updated_at).select().single()
    assert.equal(error, null)
    assert.equal(data.title, 'Uno')
    assert.notEqual(data.updated_at, seen.updated_at)
  })
  test('a stale update is the client\'s own error object', async () => {
    const { data: seen } = await db.from('post').select('updated_at').eq('id', 1).single()
    assert.equal((await bob.from('post').update({ title: 'theirs' }).eq('id', 1).eq('updated_at', seen.updated_at)).error, null)
    const { data, error, status } = await db.from('post').update({ title: 'mine' }).eq('id', 1).eq('updated_at', seen.updated_at).select()
    assert.deepEqual([data, status, error.code], [null, 409, 'stale'])
    assert.match(error.message, /changed/)
    assert.match(error.details, /bob/)
    assert.match(error.hint, /read the row again/)
    assert.equal(error.current.title, 'theirs')
    await assert.rejects(async () => { await db.from('post').update({ title: 'mine' }).eq('id', 1).eq('updated_at', seen.updated_at).throwOnError() })
  })
  test('a version in milliseconds, as JavaScript cuts it', async () => {
    const { data: seen } = await db.from('post').select('updated_at').eq('id', 1).single()
    const cut = new Date(seen.updated_at).toISOString()
    const { error, status } = await db.from('post').update({ title: 'mine' }).eq('id', 1).eq('updated_at', cut)
    if (status === 204) return // one time in a thousand the digits are zeros
    assert.deepEqual([status, error.code], [409, 'stale'])
    assert.match(error.details, /digits/)
  })
  test('without a version nothing is written', async () => {
    for (const result of [await db.from('post').update({ title: 'blind' }).eq('id', 1), await db.from('post').delete().eq('id', 1),
      await db.from('post').update({ title: 'all' }).gt('id', 0), await db.from('post').delete().in('id', [1, 2])]) {
      assert.deepEqual([result.status, result.error.code], [428, 'version-required'])
    }
    assert.equal((await db.from('post').select('id', { count: 'exact', head: true })).count, 3)
  })
  test('a guarded delete', async () => {
    const { data: seen } = await db.from('post').select('_version').eq('id', 3).single()
    const { data, error } = await db.from('post').delete().eq('id', 3).eq('_version', seen._version).select('id')
    assert.deepEqual([error, data], [null, [{ id: 3 }]])
    const again = await db.from('post').update({ title: 'gone' }).eq('id', 3).eq('_version', seen._version)
    assert.deepEqual([again.status, again.error.code], [409, 'deleted'])
  })
  test('two clients race, and exactly one of them wins', async () => {
    for (let round = 0; round < 20; round++) {
      const { data: seen } = await db.from('post').select('_version').eq('id', 2).single()
      const results = await Promise.all([db, bob, db, bob].map((client, i) =>
        client.from('post').update({ title: `${round} ${i}` }).eq('id', 2).eq('_version', seen._version)))
      assert.deepEqual(results.map(r => r.status).sort(), [204, 409, 409, 409])
      const { data: now } = await db.from('post').select('title').eq('id', 2).single()
      assert.equal(now.title, `${round} ${results.findIndex(r => r.status === 204)}`)
    }
  })
  test('a delete that others refer to, a value that does not fit', async () => {
    const { data: seen } = await db.from('author').select('_version').eq('id', 1).single()
    const result = await db.from('author').delete().eq('id', 1).eq('_version', seen._version)
    assert.deepEqual([result.status, result.error.code], [409, '23503'])
    const value = await db.from('post').insert({ id: 'x', title: 'x' })
    assert.deepEqual([value.status, value.error.code], [422, '22P02'])
  })
})

describe('what pg409 does not have', () => {
  test('is an error, never something else', async () => {
    for (const result of [await db.rpc('anything'), await db.rpc('anything', { a: 1 }), await db.from('post').select().explain(),
      await db.from('post').select().geojson(), await db.schema('private').from('post').select(),
      await db.schema('private').from('post').insert({ id: 50, title: 'x' }),
      await db.from('post').select('title, author(name, post(title))'), await db.from('post').select('n.sum()'),
      await db.from('post').select('...author(name)'),
      await db.from('post').insert({ id: 51, title: 'x' }).rollback().select()]) {
      assert.ok(result.error, JSON.stringify(result))
      assert.ok(result.status >= 400 && result.status < 500, String(result.status))
      assert.ok(result.error.message)
    }
    assert.equal((await db.from('post').select('id', { count: 'exact', head: true }).gte('id', 50)).count, 0)
  })
})
