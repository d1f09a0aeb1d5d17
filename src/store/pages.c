#include "store/pages.h"

#include "store/env_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* --- what LMDB 0.9 writes, in the machine's own sequence of octets --- */

#define FILE_MAGIC UINT32_C(0xbeefc0de)
#define FILE_VERSION 1
#define METAS 2
#define DEPTH_MAX 32
#define KEY_MAX 511
#define NODE_HEAD 8 /* octets before a node's key */

enum page_flag { PAGE_BRANCH = 0x01, PAGE_LEAF = 0x02, PAGE_OVERFLOW = 0x04, PAGE_META = 0x08 };
enum node_flag { NODE_BIG = 0x01, NODE_TABLE = 0x02 };
#define TABLE_INTEGER_KEYS 0x08

struct page_head {
    size_t number;
    uint16_t pad, flags;
    uint16_t lower, upper; /* together, of an overflow page: how many there are in a row */
};

struct tree {
    uint32_t pad; /* of the first one in a meta page: the size of a page */
    uint16_t flags, depth;
    size_t branches, leaves, overflows, entries, root;
};

#define NO_ROOT SIZE_MAX

struct meta {
    uint32_t magic, version;
    void *address;
    size_t map_size;
    struct tree free, main;
    size_t last_page, commit;
};

struct node {
    uint16_t part[2]; /* size of the value, or low part of a page's number */
    uint16_t flags;   /* or the high part */
    uint16_t key_size;
};

static const bool big_endian = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;

static size_t low_part(const struct node *node)
{
    return (size_t)node->part[big_endian] | (size_t)node->part[!big_endian] << 16;
}

/* --- the walk --- */

struct file {
    const uint8_t *map;
    size_t size, page_size;
    struct meta metas[METAS];
    const struct meta *meta; /* of the last commit */
    uint8_t *seen;           /* a bit for each page */
    struct pages pages;
    uint16_t *sizes; /* of the nodes of one page, by where they lie; for look_at_nodes */
    const char *path;
    struct error *why;
};

struct walk {
    struct file *file;
    const char *name;    /* of the table, for a person */
    bool integers;       /* keys are numbers of commits */
    uint16_t node_flags; /* that nodes of a leaf may have */
    bool tables;         /* its values are tables */
    struct tree found;
    struct slice last, least; /* the last key; what the next one must not be below */
    bool has_last, has_least;
    int (*visit)(struct walk *walk, struct slice key, struct slice value);
    const char *const *names;
    size_t name_count, names_seen;
};

static int fault(const struct file *file, size_t page, const char *what)
{
    return error_set(file->why, ERR_CORRUPT, "%s: page %zu is damaged: %s", file->path, page, what);
}

/* Each page has one use. */
static int take_page(struct file *file, size_t page)
{
    if (page < METAS || page > file->meta->last_page)
        return fault(file, page, "there is no such page");
    if (file->seen[page / 8] & 1u << page % 8)
        return fault(file, page, "it is in two places");
    file->seen[page / 8] |= (uint8_t)(1u << page % 8);
    return 0;
}

static struct page_head head_of(const struct file *file, size_t page)
{
    struct page_head head;
    memcpy(&head, file->map + page * file->page_size, sizeof head);
    return head;
}

static const uint8_t *octets_of(const struct file *file, size_t page)
{
    return file->map + page * file->page_size;
}

static size_t node_count(const struct page_head *head)
{
    return (head->lower - sizeof *head) / 2;
}

static bool bounds_fit(const struct file *file, const struct page_head *head)
{
    return head->lower > sizeof *head && head->lower % 2 == 0 && head->lower <= head->upper &&
           head->upper <= file->page_size && head->upper % 2 == 0;
}

static uint16_t node_offset(const struct file *file, size_t page, size_t index)
{
    uint16_t offset;
    memcpy(&offset, octets_of(file, page) + sizeof(struct page_head) + 2 * index, sizeof offset);
    return offset;
}

static struct node node_at(const struct file *file, size_t page, size_t offset)
{
    struct node node;
    memcpy(&node, octets_of(file, page) + offset, sizeof node);
    return node;
}

static struct slice key_of(const struct file *file, size_t page, size_t offset)
{
    return SLICE(octets_of(file, page) + offset + NODE_HEAD, node_at(file, page, offset).key_size);
}

/* Octets of a node, an even number. */
static size_t node_size(const struct node *node, bool leaf)
{
    size_t size = NODE_HEAD + (size_t)node->key_size;
    if (leaf)
        size += node->flags & NODE_BIG ? sizeof(size_t) : low_part(node);
    return (size + 1) / 2 * 2;
}

/* The nodes of a page fill it from `upper` to its end, one close to the next. */
static int look_at_nodes(struct file *file, size_t page, const struct page_head *head, bool leaf)
{
    size_t half = file->page_size / 2, count = node_count(head), at = head->upper / 2, found = 0;

    memset(file->sizes, 0, half * sizeof *file->sizes);
    for (size_t i = 0; i < count; i++) {
        uint16_t offset = node_offset(file, page, i);
        if (offset % 2 || offset < head->upper || offset + (size_t)NODE_HEAD > file->page_size)
            return fault(file, page, "an entry lies outside");
        struct node node = node_at(file, page, offset);
        size_t size = node_size(&node, leaf);
        if (node.key_size > KEY_MAX || size > file->page_size - offset || file->sizes[offset / 2])
            return fault(file, page, "an entry has no room");
        file->sizes[offset / 2] = (uint16_t)(size / 2);
    }
    for (; at < half && file->sizes[at]; found++)
        at += file->sizes[at];
    return at == half && found == count ? 0 : fault(file, page, "its entries overlap");
}

static int compare_keys(const struct walk *walk, struct slice a, struct slice b)
{
    size_t x, y;

    if (walk->integers) {
        memcpy(&x, a.data, sizeof x);
        memcpy(&y, b.data, sizeof y);
        return x < y ? -1 : x > y;
    }
    int order = memcmp(a.data, b.data, a.size < b.size ? a.size : b.size);
    return order ? order : a.size < b.size ? -1 : a.size > b.size;
}

/* --- values --- */

/* A value that became shorter keeps its pages. */
static int take_overflow(struct walk *walk, size_t page, size_t first, size_t size)
{
    struct file *file = walk->file;
    size_t needed = (sizeof(struct page_head) - 1 + size) / file->page_size + 1;
    uint32_t count;

    int code = take_page(file, first);
    if (code)
        return code;
    struct page_head head = head_of(file, first);
    memcpy(&count, &head.lower, sizeof count);
    if (head.number != first || head.flags != PAGE_OVERFLOW || count < needed)
        return fault(file, page, "what it refers to is no long value");
    for (size_t i = 1; i < count && code == 0; i++)
        code = take_page(file, first + i);
    walk->found.overflows += count;
    return code;
}

static int visit_leaf_node(struct walk *walk, size_t page, size_t offset)
{
    struct file *file = walk->file;
    struct node node = node_at(file, page, offset);
    struct slice key = key_of(file, page, offset);
    const uint8_t *value = (const uint8_t *)key.data + key.size;
    size_t first;

    if (node.flags & ~walk->node_flags || (walk->tables && node.flags != NODE_TABLE) ||
        key.size == 0 || (walk->integers && key.size != sizeof(size_t)))
        return fault(file, page, "an entry is of no known kind");
    if ((walk->has_last && compare_keys(walk, walk->last, key) >= 0) ||
        (walk->has_least && compare_keys(walk, walk->least, key) > 0))
        return fault(file, page, "its keys do not ascend");
    walk->last = key;
    walk->has_last = true;
    walk->has_least = false;
    walk->found.entries++;
    if (node.flags & NODE_BIG) {
        memcpy(&first, value, sizeof first);
        int code = take_overflow(walk, page, first, low_part(&node));
        if (code)
            return code;
        value = octets_of(file, first) + sizeof(struct page_head);
    }
    return walk->visit ? walk->visit(walk, key, SLICE(value, low_part(&node))) : 0;
}

/* --- trees --- */

static int take_tree_page(struct walk *walk, size_t page, bool leaf, size_t *count)
{
    struct file *file = walk->file;

    int code = take_page(file, page);
    if (code)
        return code;
    struct page_head head = head_of(file, page);
    if (head.number != page || head.flags != (leaf ? PAGE_LEAF : PAGE_BRANCH) ||
        !bounds_fit(file, &head))
        return fault(file, page, "it is not what belongs there");
    code = look_at_nodes(file, page, &head, leaf);
    if (code)
        return code;
    *(leaf ? &walk->found.leaves : &walk->found.branches) += 1;
    *count = node_count(&head);
    return 0;
}

static int visit_page(struct walk *walk, size_t page, unsigned depth);

static int visit_child(struct walk *walk, size_t page, size_t index, unsigned depth)
{
    struct file *file = walk->file;
    uint16_t offset = node_offset(file, page, index);
    struct node node = node_at(file, page, offset);
    struct slice key = key_of(file, page, offset);
    size_t child = low_part(&node) | (size_t)node.flags << 16 << 16;

    /* Nothing is compared with the first key of a branch, which may be empty. */
    if (index > 0) {
        if (key.size == 0 || (walk->integers && key.size != sizeof(size_t)) ||
            (walk->has_last && compare_keys(walk, walk->last, key) >= 0))
            return fault(file, page, "its keys do not ascend");
        walk->least = key;
        walk->has_least = true;
    }
    return visit_page(walk, child, depth - 1);
}

static int visit_page(struct walk *walk, size_t page, unsigned depth)
{
    size_t count = 0;

    int code = take_tree_page(walk, page, depth == 1, &count);
    for (size_t i = 0; i < count && code == 0; i++)
        code = depth == 1 ? visit_leaf_node(walk, page, node_offset(walk->file, page, i))
                          : visit_child(walk, page, i, depth);
    return code;
}

static int visit_tree(struct walk *walk, const struct tree *tree)
{
    const struct file *file = walk->file;
    int code = 0;

    if (tree->depth > DEPTH_MAX || (tree->depth == 0) != (tree->root == NO_ROOT))
        return error_set(file->why, ERR_CORRUPT, "%s: table %s is damaged: it has no beginning",
                         file->path, walk->name);
    if (tree->depth > 0)
        code = visit_page(walk, tree->root, tree->depth);
    if (code == 0 &&
        (walk->found.branches != tree->branches || walk->found.leaves != tree->leaves ||
         walk->found.overflows != tree->overflows || walk->found.entries != tree->entries))
        return error_set(file->why, ERR_CORRUPT,
                         "%s: table %s is damaged: it does not hold as many entries as it says",
                         file->path, walk->name);
    return code;
}

static const char *find_name(const struct walk *walk, struct slice key)
{
    for (size_t i = 0; i < walk->name_count; i++)
        if (strlen(walk->names[i]) == key.size && memcmp(walk->names[i], key.data, key.size) == 0)
            return walk->names[i];
    return NULL;
}

static int visit_table(struct walk *walk, struct slice key, struct slice value)
{
    struct file *file = walk->file;
    struct walk table = {.file = file, .name = find_name(walk, key), .node_flags = NODE_BIG};
    struct tree tree;

    if (!table.name)
        return error_set(file->why, ERR_CORRUPT, "%s: it holds a table that is none of ours",
                         file->path);
    if (value.size != sizeof tree)
        return error_set(file->why, ERR_CORRUPT, "%s: table %s is damaged", file->path, table.name);
    memcpy(&tree, value.data, sizeof tree);
    if (tree.pad || tree.flags)
        return error_set(file->why, ERR_CORRUPT, "%s: table %s is damaged: it is of another kind",
                         file->path, table.name);
    walk->names_seen++;
    return visit_tree(&table, &tree);
}

/* What one commit left free: how many pages, then their numbers. */
static int visit_free(struct walk *walk, struct slice key, struct slice value)
{
    struct file *file = walk->file;
    const uint8_t *octets = value.data;
    size_t count, page, commit;
    int code = 0;

    memcpy(&commit, key.data, sizeof commit);
    if (commit > file->meta->commit || value.size < sizeof count || value.size % sizeof count)
        return error_set(file->why, ERR_CORRUPT, "%s: its list of free pages is damaged",
                         file->path);
    memcpy(&count, octets, sizeof count);
    if (count > value.size / sizeof count - 1)
        return error_set(file->why, ERR_CORRUPT, "%s: its list of free pages is damaged",
                         file->path);
    for (size_t i = 1; i <= count && code == 0; i++) {
        memcpy(&page, octets + i * sizeof page, sizeof page);
        code = take_page(file, page);
    }
    return code;
}

/* --- where everything begins --- */

/* The last commit of which a list of free pages tells; each commit adds its own. *any: there is
 * one. This may be the list of the commit before the last, which nobody reads any more. */
static int find_last_commit(const struct file *file, const struct meta *meta, bool *any,
                            size_t *commit)
{
    size_t page = meta->free.root;

    *any = meta->free.depth > 0;
    for (unsigned depth = meta->free.depth; depth > 0 && depth <= DEPTH_MAX; depth--) {
        if (page < METAS || page > meta->last_page)
            return ERR_CORRUPT;
        struct page_head head = head_of(file, page);
        if (head.flags != (depth == 1 ? PAGE_LEAF : PAGE_BRANCH) || !bounds_fit(file, &head))
            return ERR_CORRUPT;
        size_t offset = node_offset(file, page, node_count(&head) - 1);
        if (offset < head.upper || offset + NODE_HEAD + sizeof *commit > file->page_size)
            return ERR_CORRUPT;
        struct node node = node_at(file, page, offset);
        memcpy(commit, key_of(file, page, offset).data, sizeof *commit);
        page = low_part(&node) | (size_t)node.flags << 16 << 16;
    }
    return meta->free.depth > DEPTH_MAX ? ERR_CORRUPT : 0;
}

/* LMDB keeps what the last two commits began with, and takes the one with the higher number: a bit
 * that turned in a number would bring back what was before. */
static int check_meta(const struct file *file, size_t page)
{
    const struct meta *meta = &file->metas[page];
    struct page_head head = head_of(file, page);
    size_t commit = 0;
    bool any;

    if (head.number != page || head.flags != PAGE_META || meta->magic != FILE_MAGIC ||
        meta->version != FILE_VERSION || meta->address || meta->free.pad != file->page_size ||
        meta->free.flags != TABLE_INTEGER_KEYS || meta->main.pad || meta->main.flags ||
        meta->last_page >= file->size / file->page_size || meta->last_page < METAS - 1)
        return fault(file, page, "it is not what a file begins with");
    if (find_last_commit(file, meta, &any, &commit) || (any && commit != meta->commit) ||
        (!any && meta->commit > METAS) || (meta->commit > 0 && meta->commit % METAS != page))
        return fault(file, page, "its number of a commit is not the one of its pages");
    return 0;
}

static void read_metas(struct file *file)
{
    for (size_t i = 0; i < METAS; i++)
        memcpy(&file->metas[i], file->map + i * file->page_size + sizeof(struct page_head),
               sizeof file->metas[i]);
    file->meta = &file->metas[file->metas[1].commit > file->metas[0].commit];
}

/* Looks at both beginnings while nobody writes them. -EAGAIN: somebody did, or LMDB sees another
 * commit than the last one; the file is as long as that needs since before the transaction began.
 */
static int check_metas(struct file *file, struct txn *txn)
{
    struct meta before[METAS];
    int code = 0;

    read_metas(file);
    if (file->meta->commit != txn_version(txn))
        return -EAGAIN;
    memcpy(before, file->metas, sizeof before);
    for (size_t i = 0; i < METAS && code == 0; i++)
        code = check_meta(file, i);
    read_metas(file);
    return memcmp(before, file->metas, sizeof before) == 0 ? code : -EAGAIN;
}

/* --- */

static int check_trees(struct file *file, const char *const *tables, size_t table_count)
{
    struct walk main = {.file = file,
                        .name = "of tables",
                        .tables = true,
                        .node_flags = NODE_TABLE,
                        .visit = visit_table,
                        .names = tables,
                        .name_count = table_count};
    struct walk free = {.file = file,
                        .name = "of free pages",
                        .integers = true,
                        .node_flags = NODE_BIG,
                        .visit = visit_free};

    int code = visit_tree(&main, &file->meta->main);
    if (code == 0 && main.names_seen != table_count)
        code = error_set(file->why, ERR_CORRUPT, "%s: a table is missing", file->path);
    file->pages.used = METAS;
    for (size_t i = METAS; i <= file->meta->last_page && code == 0; i++)
        file->pages.used += file->seen[i / 8] >> i % 8 & 1;
    if (code == 0)
        code = visit_tree(&free, &file->meta->free);
    file->pages.used += free.found.branches + free.found.leaves + free.found.overflows;
    for (size_t i = METAS; i <= file->meta->last_page && code == 0; i++)
        file->pages.lost += !(file->seen[i / 8] >> i % 8 & 1);
    file->pages.count = file->meta->last_page + 1;
    return code;
}

static int check_file(struct file *file, struct txn *txn, const char *const *tables,
                      size_t table_count)
{
    int code = check_metas(file, txn);
    if (code)
        return code;
    file->seen = calloc(file->meta->last_page / 8 + 1, 1);
    file->sizes = malloc(file->page_size / 2 * sizeof *file->sizes);
    code = file->seen && file->sizes ? check_trees(file, tables, table_count)
                                     : error_set(file->why, -ENOMEM, "no memory to look at pages");
    free(file->seen);
    free(file->sizes);
    return code;
}

static int map_and_check(struct env *env, struct txn *txn, const char *const *tables,
                         size_t table_count, struct pages *pages, struct error *why)
{
    struct file file = {.page_size = env->page_size, .path = env->data_path, .why = why};
    mdb_filehandle_t fd;
    struct stat status;

    if (mdb_env_get_fd(env->mdb, &fd) != 0 || fstat(fd, &status) < 0)
        return env_explain(env, ERR_FATAL, why);
    file.size = (size_t)status.st_size;
    if (file.size < METAS * file.page_size)
        return env_explain(env, ERR_CORRUPT, why);
    void *map = mmap(NULL, file.size, PROT_READ, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED)
        return env_explain(env, -errno, why);
    file.map = map;
    int code = check_file(&file, txn, tables, table_count);
    munmap(map, file.size);
    if (code == 0 && pages)
        *pages = file.pages;
    return code;
}

#define TRIES 1000 /* a commit may come between again and again, not for ever */

int pages_check(struct env *env, const char *const *tables, size_t table_count, struct pages *pages,
                struct error *why)
{
    int code = -EAGAIN;

    for (int i = 0; i < TRIES && code == -EAGAIN; i++) {
        struct txn *txn;
        code = txn_begin_read(env, &txn);
        if (code)
            return env_explain(env, code, why);
        code = map_and_check(env, txn, tables, table_count, pages, why);
        txn_abort(txn);
    }
    return code == -EAGAIN
               ? error_set(why, ERR_CORRUPT, "%s: its two first pages do not fit what LMDB reads",
                           env->data_path)
               : code;
}
