/*
 * The point index (decision 18): lookup, commit, growth, clear, reclamation, death of an owner or of
 * a recoverer at any step, and recovery, while readers go on.
 *
 * A store has two keys whose home is the same bucket; a table is that bucket: a size, one or two
 * slots, each with a tag and a reference, and a level (0: slot 0 is all, 1: both, 3: some key has no
 * place). A version is a row of two references (0: absent), which stands for its tree and is the
 * truth that each answer is compared with. Entries have a key and a birth. reclaim.pml and
 * recovery.pml model the record's own memory, the window, tags and dead lists: here a record is in
 * the chain or not, and an entry is freed as soon as no record of the chain sees it, which is the
 * effect of dead lists at their earliest.
 *
 * A reader notes the cell it is about to look at (`onDirectory`, `onTable`, `onEntry`). Freeing a noted
 * cell breaks an assertion at once, and so does a reference to a free cell. (A version may be given
 * twice, the first time to a commit that died, so births alone do not distinguish cells.) Freed cells
 * are given out again at once, lowest first.
 *
 * A step is one load or store of a shared word. Joined steps, and why they hide nothing:
 * - a look at an entry is joined to the reader's next load: the note stands until then.
 * - an owner may die before each AT(...). AT joins to one store only private cells (entries, rows and
 *   tables before a reader can find them), or lists and the allocator while PHASE is set: recovery
 *   then makes them anew.
 * - all frees of a round are one step: in the middle of it readers find fewer free cells.
 * - a commit that reclaims is a commit and then a round of reclamation: an owner keeps nothing, and
 *   readers do not look at the lock.
 * - aborts touch neither index nor limbo: they are a death before PHASE is set, undone by the log.
 *
 * Set from outside: LAST (versions are 0 ... LAST), DEATHS, READERS, ENTRIES, TABLES (cells),
 * DIRECTORY (a block of its own between the head and the table), NUMBERS (reads by version),
 * SAME_TAG (both keys have one tag), TAGS_FIRST (a reader loads both tags, then references), NO_CLEAR
 * and NO_PAIRS (commits that clear, or change both keys, are left out), NO_TABLE (at first there is
 * none), BY_READERS (only readers find a table that lacks an entry of the present version: for
 * mutants), MUTANT_...
 */
#ifndef LAST
#define LAST 2
#endif
#ifndef DEATHS
#define DEATHS 0
#endif
#ifndef READERS
#define READERS 1
#endif
#ifndef ENTRIES
#define ENTRIES 4
#endif
#ifndef TABLES
#define TABLES 3
#endif
#define DIRECTORIES 3

#define FREE 255                /* birth of an entry that is free */
#define NOT 255                 /* not in limbo */
#define IDLE 0
#define FROM(h) ((h) + 1)
#define NO_HINT 255
#define LIMIT(slot) ((slot) - 1)
#define NO_PLACE 3              /* the level from which the tree is asked */

#ifdef SAME_TAG
#define TAG(k) 1
#else
#define TAG(k) ((k) + 1)
#endif

byte current, publishedLo;
#ifdef NUMBERS
byte oldest;
#define OLDEST oldest
#else
#define OLDEST current          /* the window is the present alone */
#endif
/* The head. */
byte directory, absentFrom;

byte op[READERS], pin[READERS]; /* a pin is a version, plus 1 */
byte onDirectory[READERS], onTable[READERS], onEntry[READERS];

/* Records, by version: in the chain, and the entry of each key. */
bit chained[LAST + 1];
byte row[2 * (LAST + 1)];
#define ROW(v, k) row[2 * (v) + (k)]

/* Entries, tables and directories; `...Limbo`: the version they were unlinked in. */
byte birth[ENTRIES + 1], entryLimbo[ENTRIES + 1];
bit keyOf[ENTRIES + 1];
byte size[TABLES + 1], level[TABLES + 1], tableLimbo[TABLES + 1];    /* size 0: free */
bit whole[TABLES + 1];          /* in limbo because the head lost it, not because it was copied */
byte tag[2 * (TABLES + 1)], slot[2 * (TABLES + 1)];
#define TAG_AT(t, i) tag[2 * (t) + (i)]
#define SLOT(t, i) slot[2 * (t) + (i)]
#ifdef DIRECTORY
byte word[DIRECTORIES + 1], directoryLimbo[DIRECTORIES + 1];         /* word 0: free */
#define TABLE_OF(d) ((d) == 0 -> 0 : word[d])
#define WORD word[directory]
#else
#define TABLE_OF(d) (d)
#define WORD directory
#endif

/* The table t refers to entry e. */
#define IN_TABLE(e) (t != 0 && (SLOT(t, 0) == (e) || SLOT(t, 1) == (e)))

/* Words that the owner keeps for its successors. */
bit dirty, phase;
byte logged[2];

#define KEEP 0
#define PUT 1
#define DELETE 2

byte deaths;

/* ── Readers ─────────────────────────────────────────────────────────────────────────────────── */

#define LEAVE onDirectory[me] = 0; onTable[me] = 0; onEntry[me] = 0; k = 0; lv = 0; at = 0; fits = 0; \
  hit = 0; a = 0

/* Decides; `e` (0: absent) is the index's answer. */
#define ANSWER(e) assert(chained[s]); assert(ROW(s, k) == e); LEAVE
/* The snapshot's own tree, whose record must be alive: how it is read is in reclaim.pml. */
#define ASK_THE_TREE assert(chained[s]); LEAVE

#define MORE (!hit && at < size[onTable[me]] && (at == 0 || lv > 0))
#ifdef MUTANT_BIRTH_IGNORED
#define VISIBLE true
#else
#define VISIBLE (birth[onEntry[me]] <= s)
#endif

inline lookUp() {
  if :: k = 0 :: k = 1 fi;
#ifdef DIRECTORY
  d_step {
    onDirectory[me] = directory;
    assert(onDirectory[me] == 0 || word[onDirectory[me]] != 0)
  }
  d_step {
    if
    :: onDirectory[me] == 0 -> onTable[me] = 0
    :: else -> onTable[me] = word[onDirectory[me]]; assert(size[onTable[me]] != 0)
    fi
  }
#else
  d_step {
    onTable[me] = directory;
    assert(onTable[me] == 0 || size[onTable[me]] != 0)
  }
#endif
#ifdef MUTANT_SNAPSHOT_LATE
  if :: pin[me] == 0 -> s = current :: else fi;
#endif
#if defined(MUTANT_ABSENT_BEFORE_PROBE) || defined(MUTANT_TAGS_PLAIN)
  a = absentFrom;                             /* with TAGS_PLAIN: again at each reference */
#endif
  if
  :: d_step { onTable[me] == 0 -> ASK_THE_TREE }
  :: d_step { onTable[me] != 0 -> lv = level[onTable[me]] }
#ifdef TAGS_FIRST
     /* Both are in one word. */
     fits = (TAG_AT(onTable[me], 0) == TAG(k) -> 1 : 0) +
       (TAG_AT(onTable[me], 1) == TAG(k) -> 2 : 0);
#endif
     do
#ifdef SAME_TAG
     :: d_step { MORE ->
#else
#ifdef TAGS_FIRST
     :: d_step { MORE && (fits >> at) % 2 == 0 -> at++ }
     :: d_step { MORE && (fits >> at) % 2 == 1 ->
#else
     :: d_step { MORE && !fits ->
          onEntry[me] = 0;
          if
          :: TAG_AT(onTable[me], at) == TAG(k) -> fits = 1
          :: else -> at++
          fi
        }

     :: d_step { MORE && fits ->
          fits = 0;
#endif
#endif
          onEntry[me] = SLOT(onTable[me], at);
          /* An entry that a table refers to is alive and written. */
          assert(onEntry[me] == 0 || birth[onEntry[me]] != FREE);
#ifdef MUTANT_TAGS_PLAIN
          a = absentFrom;
#endif
          hit = (onEntry[me] != 0 && keyOf[onEntry[me]] == k);
          at++
        }
     :: d_step { hit && VISIBLE -> ANSWER(onEntry[me]) } break
     :: d_step { hit && !VISIBLE -> ASK_THE_TREE } break
     :: d_step { !hit && !MORE && lv == NO_PLACE -> ASK_THE_TREE } break
     :: d_step { !hit && !MORE && lv != NO_PLACE ->
#if !defined(MUTANT_ABSENT_BEFORE_PROBE) && !defined(MUTANT_TAGS_PLAIN)
          a = absentFrom;
#endif
          if
          :: a <= s -> ANSWER(0)
          :: else -> ASK_THE_TREE
          fi
        }
        break
     od
  fi
}

proctype Reader(byte me) {
  byte hint, s, k, lv, at, fits, a;
  bit hit;
end:
  do
  /* The present. */
  :: op[me] == IDLE && pin[me] == 0 ->
#ifdef MUTANT_HINT_LATE
     s = current;
     hint = publishedLo;
     d_step { op[me] = FROM(hint); hint = 0 }
#else
     hint = publishedLo;
     d_step { op[me] = FROM(hint); hint = 0 }
     s = current
#endif
#ifdef NUMBERS
  /* A version by its number; the ring, and that its record is alive, is in reclaim.pml. */
  :: op[me] == IDLE && pin[me] == 0 ->
     select(s : 0 .. LAST);
     if
     :: s <= publishedLo ->
        op[me] = FROM(s);
        if
        :: oldest <= s -> assert(chained[s])
        :: else -> d_step { op[me] = IDLE; s = 0 }
        fi
     :: else -> s = 0
     fi
#endif
#ifdef MUTANT_PIN_ONLY
  :: op[me] == IDLE && pin[me] != 0 -> d_step { s = pin[me] - 1 } lookUp()
#else
  /* The pinned snapshot. */
  :: op[me] == IDLE && pin[me] != 0 ->
     hint = publishedLo;
     d_step { op[me] = FROM(hint); hint = 0; s = pin[me] - 1 }
#endif
  /* One key or more under one announcement; then its end, perhaps after settling. */
  :: op[me] != IDLE -> lookUp()
  :: op[me] != IDLE && pin[me] == 0 -> pin[me] = s + 1
  :: op[me] != IDLE -> d_step { op[me] = IDLE; s = 0 }
  :: op[me] == IDLE && pin[me] != 0 -> pin[me] = 0
  od
}

/* ── The owner ───────────────────────────────────────────────────────────────────────────────── */

/* A step before which the owner may die. */
#if DEATHS == 0
#define AT(step) step
#else
#define AT(step) atomic { if :: true :: deaths < DEATHS -> deaths++; goto died fi; step }
#endif

inline freeEntry(e) {
  assert(birth[e] != FREE);
  assert(onEntry[0] != e && onEntry[READERS - 1] != e);
  birth[e] = FREE; keyOf[e] = 0; entryLimbo[e] = NOT
}

inline freeTable(e) {
  assert(size[e] != 0);
  assert(onTable[0] != e && onTable[READERS - 1] != e);
  size[e] = 0; level[e] = 0; tableLimbo[e] = NOT; whole[e] = 0;
  TAG_AT(e, 0) = 0; TAG_AT(e, 1) = 0; SLOT(e, 0) = 0; SLOT(e, 1) = 0
}

inline freeDirectory(e) {
#ifdef DIRECTORY
  assert(word[e] != 0);
  assert(onDirectory[0] != e && onDirectory[READERS - 1] != e);
  word[e] = 0; directoryLimbo[e] = NOT
#endif
  skip
}

/* `u` is a free table, or 0; `d` a free directory, or 0. */
inline findRoom() {
  u = 1; do :: u <= TABLES && size[u] != 0 -> u++ :: else -> break od;
  u = (u > TABLES -> 0 : u);
#ifdef DIRECTORY
  d = 1; do :: d <= DIRECTORIES && word[d] != 0 -> d++ :: else -> break od;
  d = (d > DIRECTORIES -> 0 : d)
#else
  d = u
#endif
}

/* Puts entry e of key k in the private table u; `j` slots are used. */
inline place(e, k) {
  if
  :: e != 0 && j < size[u] ->
     TAG_AT(u, j) = TAG(k);
     SLOT(u, j) = e;
     if :: level[u] < j -> level[u] = j :: else fi;
     j++
  :: e != 0 && j >= size[u] -> level[u] = NO_PLACE
  :: else
  fi
}

#ifdef DIRECTORY
#define WRAP(d, u) word[d] = u
#define UNLINK_DIRECTORY AT(directoryLimbo[directory] = v)
#else
#define WRAP(d, u) skip
#define UNLINK_DIRECTORY skip
#endif

/* The table t, which a step before or after takes from readers, goes to limbo. */
#ifdef MUTANT_LIMBO_EARLIER
#define UNLINK_TABLE AT(tableLimbo[t] = v - 1)
#else
#ifdef MUTANT_TABLE_AT_ONCE
#define UNLINK_TABLE skip
#else
#define UNLINK_TABLE AT(tableLimbo[t] = v)
#endif
#endif

/* A table made of the tree of version x, of one slot or two. */
inline makeTable(x) {
  AT(d_step {
    size[u] = n; j = 0;
    place(ROW(x, 0), 0);
    place(ROW(x, 1), 1);
    WRAP(d, u);
    j = 0
  })
}

/* A copy of the table t with two slots. A key that has no place in t has none in the copy. */
inline copyTable() {
  AT(d_step {
    size[u] = 2; j = 0;
    place(SLOT(t, 0), keyOf[SLOT(t, 0)]);
    place(SLOT(t, 1), keyOf[SLOT(t, 1)]);
#ifndef MUTANT_COPY_FORGETS
    if :: level[t] == NO_PLACE -> level[u] = NO_PLACE :: else fi;
#endif
    j = 0
  })
}

/* Growth, for the sake of this commit or of keys that the model does not have. */
inline grow() {
  t = TABLE_OF(directory);
  d_step { findRoom(); skip }
  if
  :: t != 0 && u != 0 ->
#ifdef MUTANT_GROW_REBUILDS
     n = 2;
     d = 0;
     makeTable(current);
#else
     copyTable();
#endif
#ifndef MUTANT_LIMBO_LATE
     UNLINK_TABLE;
#endif
     if
     :: AT(WORD = u)
#ifdef DIRECTORY
     /* A new directory as well. */
     :: d != 0 ->
        AT(WRAP(d, u));
        UNLINK_DIRECTORY;
        AT(directory = d)
#endif
     fi;
#ifdef MUTANT_LIMBO_LATE
     UNLINK_TABLE;
#endif
#ifdef MUTANT_TABLE_AT_ONCE
     d_step { freeTable(t) }
#endif
#ifdef DIRECTORY
  /* A new directory that refers to the same table. */
  :: t != 0 && d != 0 ->
     AT(WRAP(d, t));
     UNLINK_DIRECTORY;
     AT(directory = d)
#endif
  :: true                                     /* no need, or no memory */
  fi;
  t = 0; u = 0; d = 0; n = 0
}

/* There is no table: one of the version before, to which this one's changes are then made. */
inline build() {
  d_step { findRoom(); skip }
  if
  :: u != 0 && d != 0 ->
     if :: n = 1 :: n = 2 fi;
     makeTable(current);
     AT(directory = d)
  :: true
  fi;
  u = 0; d = 0; n = 0
}

#define RAISE AT(absentFrom = v)

/* Puts the head's table t on the list of dropped ones, which its directory is the link of. */
#ifdef DIRECTORY
#define DROP_TABLE(x) AT(d_step { tableLimbo[t] = x; whole[t] = 1; directoryLimbo[directory] = x })
#else
#define DROP_TABLE(x) AT(d_step { tableLimbo[t] = x; whole[t] = 1 })
#endif

inline clearTable() {
  t = TABLE_OF(directory);
#ifndef MUTANT_CLEAR_ABSENT_LATE
#ifndef MUTANT_ABSENT_AT_PUBLISH
  RAISE;
#endif
#endif
  if
  :: t != 0 -> DROP_TABLE(v)
  :: else
  fi;
  d_step { findRoom(); skip }
  if
  :: t != 0 -> AT(directory = 0)
  :: t == 0                                   /* and it stays so */
  :: u != 0 && d != 0 ->
     if :: n = 1 :: n = 2 fi;
     AT(d_step { size[u] = n; WRAP(d, u) });
     AT(directory = d)
  fi;
#ifdef MUTANT_CLEAR_ABSENT_LATE
  RAISE;
#endif
  t = 0; u = 0; d = 0; n = 0
}

/* The slot `i` of t with the former entry of key k; or an empty one; or 2. */
#define HOLDS(x) (i < size[t] && SLOT(t, i) != (x))
inline find(x) {
  i = 0; do :: HOLDS(x) -> i++ :: else -> break od;
  i = (i >= size[t] -> 2 : i)
}

#ifdef MUTANT_LEVEL_LATE
#define LEVEL_FIRST skip
#define LEVEL_LAST AT(d_step { if :: level[t] < i -> level[t] = i :: else fi })
#else
#define LEVEL_FIRST if :: level[t] < i -> AT(level[t] = i) :: else fi
#define LEVEL_LAST skip
#endif

inline update(k) {
  t = TABLE_OF(directory);
  if
  :: t != 0 && act[k] != KEEP ->
     d_step {
       i = 2;
       if
       :: was[k] != 0 && !clears -> find(was[k])
       :: else
       fi
     }
     if
     :: act[k] == DELETE && i < 2 -> AT(SLOT(t, i) = 0)
     :: act[k] == DELETE && i == 2            /* it has no place */
     :: act[k] == PUT && i < 2 -> AT(SLOT(t, i) = fresh[k])
     :: act[k] == PUT && i == 2 ->
        d_step { find(0) }
        if
        :: i < 2 ->
           LEVEL_FIRST;
#ifdef MUTANT_TAG_LATE
           AT(SLOT(t, i) = fresh[k]);
           AT(TAG_AT(t, i) = TAG(k));
#else
           AT(TAG_AT(t, i) = TAG(k));
           AT(SLOT(t, i) = fresh[k]);
#endif
           LEVEL_LAST
#ifdef MUTANT_NO_LEVEL
        :: else
#else
        :: else -> AT(level[t] = NO_PLACE)
#endif
        fi
     fi
  :: else
  fi;
  t = 0; i = 0
}

#ifdef MUTANT_SLOT_MOVED
/* Closes the gap in slot 0. */
inline compact() {
  t = TABLE_OF(directory);
  if
  :: t != 0 && size[t] == 2 && SLOT(t, 0) == 0 && SLOT(t, 1) != 0 ->
     AT(TAG_AT(t, 0) = TAG_AT(t, 1));
     AT(SLOT(t, 0) = SLOT(t, 1));
     AT(SLOT(t, 1) = 0)
  :: else
  fi;
  t = 0
}
#endif

#define DELETES (act[0] == DELETE || act[1] == DELETE)

inline updateIndex() {
#ifdef MUTANT_SLOT_MOVED
  compact();
#endif
  if
  :: clears -> clearTable()
  :: !clears && directory == 0 -> build()
#ifndef MUTANT_GROW_LATE
#ifndef MUTANT_GROW_REBUILDS
  :: !clears && directory != 0 -> grow()
#endif
#endif
  :: else
  fi;
#ifndef MUTANT_ABSENT_LATE
#ifndef MUTANT_ABSENT_AT_PUBLISH
  if
#ifdef MUTANT_ABSENT_NEEDS_TABLE
  :: DELETES && directory != 0 -> RAISE
#else
  :: DELETES -> RAISE
#endif
  :: else
  fi;
#endif
#endif
  update(0);
#ifdef MUTANT_GROW_LATE
  grow();
#endif
#ifdef MUTANT_GROW_REBUILDS
  grow();
  t = TABLE_OF(directory);
  if
  :: !IN_TABLE(fresh[0]) -> update(0)         /* again, for it is lost */
  :: else
  fi;
  t = 0;
#endif
  update(1);
#ifdef MUTANT_ABSENT_LATE
  if :: DELETES -> RAISE :: else fi;
#endif
  skip
}

/* A commit changes at least one key, or clears. One put at most: it has one cell. */
inline plan() {
  if
  :: act[0] = PUT
  :: ROW(current, 0) != 0 -> act[0] = DELETE
  :: act[1] = PUT
  :: ROW(current, 1) != 0 -> act[1] = DELETE
#ifndef NO_PAIRS
  :: ROW(current, 0) != 0 -> act[0] = DELETE; act[1] = PUT
  :: ROW(current, 1) != 0 -> act[1] = DELETE; act[0] = PUT
#endif
#ifndef NO_CLEAR
  :: clears = 1
  :: clears = 1; act[0] = PUT
  :: clears = 1; act[1] = PUT
#endif
  fi
}

/* Entry and row: private until a slot, or CURRENT, is stored. */
inline prepare(k) {
  if
  :: act[k] == PUT ->
     j = 1; do :: birth[j] != FREE -> j++ :: else -> break od;
     birth[j] = v; keyOf[j] = k; logged[k] = j; fresh[k] = j; ROW(v, k) = j; j = 0
  :: act[k] == KEEP && !clears -> ROW(v, k) = ROW(current, k)
  :: else -> ROW(v, k) = 0
  fi;
  was[k] = ROW(current, k)
}

inline commit() {
  atomic { v = current + 1; plan() }
  AT(d_step { dirty = 1; prepare(0); prepare(1) });
  AT(phase = 1);
#ifndef MUTANT_INDEX_LATE
  updateIndex();
#endif
  AT(d_step { chained[v] = 1; current = v });                 /* the commit point */
#ifdef MUTANT_INDEX_LATE
  updateIndex();
#endif
#ifdef MUTANT_ABSENT_AT_PUBLISH
  if :: DELETES || clears -> RAISE :: else fi;
#endif
  AT(d_step {
    publishedLo = v; logged[0] = 0; logged[1] = 0;
    v = 0; fresh[0] = 0; fresh[1] = 0; was[0] = 0; was[1] = 0; act[0] = 0; act[1] = 0; clears = 0
  });
  AT(d_step { phase = 0; dirty = 0 })
}

inline maintain() {
  AT(d_step { dirty = 1; phase = 1 });
  reclaim();
  AT(d_step { phase = 0; dirty = 0 })
}

/* ── Reclamation ─────────────────────────────────────────────────────────────────────────────── */

inline lookAtOp(line) {
  d_step {
    if
    :: op[line] != IDLE && LIMIT(op[line]) < limit -> limit = LIMIT(op[line])
    :: else
    fi
  }
}

inline lookAtPin(line) {
  d_step {
    if
    :: pin[line] != 0 -> assert(chained[pin[line] - 1]); stamped[pin[line] - 1] = 1
    :: else
    fi
  }
}

/* Marks entries that a record of the chain sees. */
inline mark() {
  for (i : 0 .. LAST) {
    if
    :: chained[i] -> seen[ROW(i, 0)] = 1; seen[ROW(i, 1)] = 1
    :: else
    fi
  }
  seen[0] = 0
}

inline unmark() {
  for (i : 1 .. ENTRIES) { seen[i] = 0 }
  i = 0
}

/* Also marks entries in tables that were dropped after the present version. */
inline markBoth() {
  mark();
  for (i : 1 .. TABLES) {
    if
#ifdef MUTANT_KEEP_DIRECTORY
    :: i == directory ||
#else
    ::
#endif
       (whole[i] && tableLimbo[i] > current) -> late[SLOT(i, 0)] = 1; late[SLOT(i, 1)] = 1
    :: else
    fi
  }
}

inline unmarkBoth() {
  for (i : 0 .. ENTRIES) { late[i] = 0 }
  unmark()
}

inline freeWhatMay() {
  for (i : 0 .. LAST) {
    if
    :: chained[i] && i < OLDEST && i < limit && !stamped[i] ->
       chained[i] = 0; ROW(i, 0) = 0; ROW(i, 1) = 0
    :: else
    fi;
    stamped[i] = 0
  }
  mark();
  for (i : 1 .. ENTRIES) {
    if
    :: birth[i] == FREE || seen[i]
    :: else ->
       if
       :: entryLimbo[i] == NOT -> freeEntry(i)                /* from a dead list */
       :: entryLimbo[i] != NOT && entryLimbo[i] <= limit -> freeEntry(i)
       :: else
       fi
    fi
  }
  unmark();
  for (i : 1 .. TABLES) {
    if
    :: tableLimbo[i] != NOT && tableLimbo[i] <= limit -> freeTable(i)
    :: else
    fi
  }
#ifdef DIRECTORY
  for (i : 1 .. DIRECTORIES) {
    if
    :: directoryLimbo[i] != NOT && directoryLimbo[i] <= limit -> freeDirectory(i)
    :: else
    fi
  }
#endif
  i = 0; limit = 0
}

inline reclaim() {
#ifdef NUMBERS
  if
  :: oldest < current -> AT(oldest++)
  :: true
  fi;
#endif
  limit = NO_HINT;
  lookAtOp(0);
  lookAtPin(0);
#if READERS > 1
  lookAtOp(1);
  lookAtPin(1);
#endif
  AT(d_step { freeWhatMay() })
}

/* ── Recovery ────────────────────────────────────────────────────────────────────────────────── */

#if DEATHS > 0

#define DROP_LOG logged[0] = 0; logged[1] = 0; \
  if :: current < LAST -> ROW(current + 1, 0) = 0; ROW(current + 1, 1) = 0 :: else fi

inline undo() {
  AT(d_step {
    if :: logged[0] != 0 -> freeEntry(logged[0]) :: else fi;
    if :: logged[1] != 0 -> freeEntry(logged[1]) :: else fi;
    DROP_LOG;
    dirty = 0
  })
}

#ifdef MUTANT_QUARANTINE_CURRENT
#define QUARANTINED current
#else
#define QUARANTINED current + 1
#endif

inline recover() {
  if
  :: phase == 0 -> undo()
  :: phase == 1 ->
     AT(d_step { DROP_LOG; publishedLo = current });
     /* The head loses its table, which is on the list before. */
     t = TABLE_OF(directory);
#ifdef MUTANT_ZERO_FIRST
     d = directory;
     AT(directory = 0);
     if
     :: t != 0 -> AT(d_step { tableLimbo[t] = current + 1; whole[t] = 1 })
     :: else
     fi;
     d = 0;
#else
#ifndef MUTANT_KEEP_DIRECTORY
     if
     :: t != 0 -> DROP_TABLE(current + 1); AT(directory = 0)
     :: else
     fi;
#endif
#endif
     t = 0;
     /* The allocator: a cell in neither chain, nor limbo, nor a table just dropped is free. */
     AT(d_step {
       markBoth();
       for (i : 1 .. ENTRIES) {
         if
         :: birth[i] == FREE
         :: birth[i] != FREE && seen[i] -> assert(entryLimbo[i] == NOT)
         :: birth[i] != FREE && !seen[i] ->
            if
            :: entryLimbo[i] != NOT
            :: entryLimbo[i] == NOT && late[i] ->
               assert(birth[i] == current + 1);
#ifdef MUTANT_FREE_UNPUBLISHED
               freeEntry(i)
#else
               skip
#endif
            :: else -> freeEntry(i)
            fi
         fi
       }
       unmarkBoth();
       for (i : 1 .. TABLES) {
         if
         :: size[i] != 0 && i != TABLE_OF(directory) && tableLimbo[i] == NOT -> freeTable(i)
         :: else
         fi
       }
#ifdef DIRECTORY
       for (i : 1 .. DIRECTORIES) {
         if
         :: word[i] != 0 && i != directory && directoryLimbo[i] == NOT -> freeDirectory(i)
         :: else
         fi
       }
#endif
       i = 0
     });
     AT(d_step {
       markBoth();
       for (i : 1 .. ENTRIES) {
         if
         :: birth[i] != FREE && !seen[i] && late[i] && entryLimbo[i] == NOT ->
            entryLimbo[i] = QUARANTINED
         :: else
         fi
       }
       unmarkBoth()
     });
     AT(d_step { phase = 0; dirty = 0 })
  fi
}

#endif

/* Each cell is reachable, waiting, or free; and the table has the entries of the present version. */
inline check() {
  d_step {
    assert(publishedLo == current && phase == 0 && chained[current]);
    assert(logged[0] == 0 && logged[1] == 0);
    mark();
    t = TABLE_OF(directory);
    for (i : 1 .. ENTRIES) {
      assert(!seen[i] || (birth[i] <= current && entryLimbo[i] == NOT));
      assert(birth[i] != FREE || entryLimbo[i] == NOT);
#ifndef BY_READERS
      assert(!IN_TABLE(i) || ROW(current, keyOf[i]) == i);
#endif
      /* Not in the chain: a dead list has it, until a round looks; or limbo, if it never came. */
      assert(birth[i] == FREE || birth[i] <= current || entryLimbo[i] != NOT)
    }
    unmark();
    for (i : 1 .. TABLES) {
      assert((size[i] != 0) == (i == t || tableLimbo[i] != NOT));
      assert(i != t || tableLimbo[i] == NOT)
    }
#ifdef DIRECTORY
    for (i : 1 .. DIRECTORIES) {
      assert((word[i] != 0) == (i == directory || directoryLimbo[i] != NOT));
      assert(i != directory || directoryLimbo[i] == NOT)
    }
#endif
#ifndef BY_READERS
    if
    :: t != 0 && level[t] != NO_PLACE ->
       assert(ROW(current, 0) == 0 || IN_TABLE(ROW(current, 0)));
       assert(ROW(current, 1) == 0 || IN_TABLE(ROW(current, 1)))
    :: else
    fi;
#endif
    i = 0; t = 0
  }
}

inline findFreeEntry() {
  some = 0;
  for (i : 1 .. ENTRIES) { if :: birth[i] == FREE -> some = 1 :: else fi }
  i = 0
}

proctype Owner() {
  /* The version, its change to each key, old and new entries; the rest is for a step or two. */
  byte v, act[2], was[2], fresh[2], limit, t, u, d, n, i, j;
  bit clears, some, stamped[LAST + 1], seen[ENTRIES + 1], late[ENTRIES + 1];
end:
  do
  :: d_step { findFreeEntry(); skip }
#if DEATHS > 0
     if
     :: dirty -> some = 0; recover(); check()
     :: !dirty && current < LAST && some -> some = 0; commit(); check()
     :: !dirty -> some = 0; maintain(); check()
     fi
#else
     if
     :: current < LAST && some -> some = 0; commit(); check()
     :: some = 0; maintain(); check()
     fi
#endif
#if DEATHS > 0
  :: false ->
died:
     skip;
     /* The owner's private words are gone; some thread buries it: CAS(lock, its id, 0). */
     d_step {
       v = 0; fresh[0] = 0; fresh[1] = 0; was[0] = 0; was[1] = 0; act[0] = 0; act[1] = 0; clears = 0;
       limit = 0; t = 0; u = 0; d = 0; n = 0; i = 0; j = 0; some = 0;
       for (i : 0 .. LAST) { stamped[i] = 0 }
       for (i : 0 .. ENTRIES) { seen[i] = 0; late[i] = 0 }
       i = 0
     }
#endif
  od
}

init {
  byte i;
  d_step {
    for (i : 1 .. ENTRIES) { birth[i] = FREE; entryLimbo[i] = NOT }
    for (i : 1 .. TABLES) { tableLimbo[i] = NOT }
    chained[0] = 1;
    birth[1] = 0; ROW(0, 0) = 1;
#ifdef DIRECTORY
    for (i : 1 .. DIRECTORIES) { directoryLimbo[i] = NOT }
#endif
#ifndef NO_TABLE
    size[1] = 1; TAG_AT(1, 0) = TAG(0); SLOT(1, 0) = 1;
    WRAP(1, 1);
    directory = 1;
#endif
    i = 0
  }
  atomic {
    run Reader(0);
#if READERS > 1
    run Reader(1);
#endif
    run Owner()
  }
}
