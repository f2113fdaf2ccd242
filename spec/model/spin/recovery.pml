/*
 * Death of an owner of the lock at any step of a commit, a change of tags, an abort or a round of
 * reclamation, and recovery by the next owner, who may die as well (docs/protocol.md, Recovery). Two
 * readers go on all the while: both read and pin the present, one probes tags.
 *
 * The owners follow each other in one process: an owner knows only shared memory (its private words
 * are forgotten at its death), so its identity makes no difference. lock.pml shows that there is one
 * at a time, and that a dead one's lock is taken over. A reader that dies while pinned is a pin that
 * stays for a while and is then cleared, which any reader here may do.
 *
 * Versions, records, nodes and dead lists are those of reclaim.pml, and so are the joined steps. An
 * owner may die before each AT(...). AT joins to one store only changes of lists while PHASE is set:
 * recovery then makes all lists anew, in whatever state it finds them.
 *
 * Set from outside: LAST (versions are 0 ... LAST), DEATHS, TURNS (sections in all), NO_TAGS,
 * QUARANTINE (unmarked tag nodes wait for the next version, in limbo or not), MUTANT_...
 */
#ifndef LAST
#define LAST 2
#endif
#ifndef DEATHS
#define DEATHS 2
#endif
#ifndef TURNS
#define TURNS 4
#endif
#define READERS 2

#define RECORDS (LAST + 1)
#define NODES (LAST + 2)
#define TAG_NODES 2

#define FREE 255
#define UNWRITTEN 254
#define NOBODY 253              /* the version of the log of a change that makes no version */
#define IDLE 0
#define ALL 1
#define FROM(h) ((h) + 2)
#define NO_HINT 255
#define LIMIT(slot) ((slot) - 1)

byte current = 1, publishedLo, oldest, tagRoot;
byte op[READERS], pin[READERS];

byte version[RECORDS + 1], prev[RECORDS + 1], nodeA[RECORDS + 1], nodeB[RECORDS + 1];
bit tagged[RECORDS + 1], stamped[RECORDS + 1];
byte birth[NODES + 1], deadOn[NODES + 1];
byte tagOf[TAG_NODES + 1], limbo[TAG_NODES + 1];

/* Words that the owner keeps for its successors. */
bit dirty, phase;
byte logVersion, logRecord, logNode, logTag;
#ifdef MUTANT_GLOBAL_DEAD_LIST
byte pending[NODES + 1];        /* a dead list that belongs to no record: node -> version, plus 1 */
#endif

/* Private to the owner. */
byte limit, n, s, p, r, i, was;
bit seenRecord[RECORDS + 1], seenTag[TAG_NODES + 1];

byte deaths, turns;

/* ── Readers: as in reclaim.pml ──────────────────────────────────────────────────────────────── */

#define NODE_ALIVE(i) (birth[i] <= want)
#define LOOK(record) \
  assert(version[record] == want); \
  assert(NODE_ALIVE(nodeA[record])); \
  assert(NODE_ALIVE(nodeB[record]))
#define TAKE(word) d_step { ref = word; want = version[ref] }

inline finish() {
  if
  :: true ->
     d_step { LOOK(ref); op[me] = IDLE; ref = 0; want = 0 }
  :: held == 0 ->
     pin[me] = ref;
     d_step { held = ref; heldWant = want; op[me] = IDLE; ref = 0; want = 0 }
  fi
}

inline readPresent() {
  hint = publishedLo;
  d_step { op[me] = FROM(hint); hint = 0 }
  TAKE(current);
  finish()
}

inline readTag() {
  op[me] = ALL;
  tag = tagRoot;
  if
  :: tag != 0 ->
     d_step {
       assert(tagOf[tag] != FREE && tagOf[tag] != UNWRITTEN);     /* the tag's node is alive */
       ref = tagOf[tag];
       want = version[ref];
       assert(want <= LAST);                  /* a tagged record is alive */
       tag = 0
     }
     finish()
  :: else -> op[me] = IDLE
  fi
}

proctype Reader(byte me) {
  byte hint, ref, want, tag, held, heldWant;
end:
  do
  :: held == 0 -> readPresent()
#ifndef NO_TAGS
  :: me == 0 && held == 0 -> readTag()
#endif
  :: held != 0 ->
     d_step { want = heldWant; LOOK(held); want = 0; pin[me] = 0; held = 0; heldWant = 0 }
  od
}

/* ── The owner ───────────────────────────────────────────────────────────────────────────────── */

/* A step before which the owner may die. */
#define AT(step) atomic { if :: true :: deaths < DEATHS -> deaths++; goto died fi; step }

#define START(v) AT(logVersion = v); AT(dirty = 1)
#ifdef MUTANT_NO_PHASE
#define PHASE(on) skip
#else
#define PHASE(on) AT(phase = on)
#endif

/* Takes the lowest free cell, which PHASE covers until it is in the log. */
inline allocateNode() {
  PHASE(1);
  AT(d_step {
    i = 1; do :: birth[i] != FREE -> i++ :: else -> break od;
    birth[i] = UNWRITTEN
  });
  AT(logNode = i);
  PHASE(0)
}

inline allocateRecord() {
  PHASE(1);
  AT(d_step {
    n = 1; do :: version[n] != FREE -> n++ :: else -> break od;
    version[n] = UNWRITTEN
  });
  AT(logRecord = n);
  PHASE(0)
}

/* Fills in node and record: private until CURRENT is stored. `was` is the node that the version retires. */
inline write() {
  AT(d_step {
    version[n] = version[current] + 1;
    birth[i] = version[n];
    prev[n] = current;
    nodeA[n] = i;                             /* which of the two turns: odd versions, even ones */
    nodeB[n] = nodeA[current];
    was = nodeB[current];
#ifdef MUTANT_GLOBAL_DEAD_LIST
    pending[was] = version[n] + 1
#else
    deadOn[was] = n
#endif
  });
  was = 0
}

inline dropLog() {
  AT(d_step { logRecord = 0; logNode = 0; logTag = 0 })
}

/* Frees the cells in the log; the lists of a record that goes are part of it. */
inline undo() {
  PHASE(1);
  AT(d_step {
    if
    :: logRecord != 0 ->
       for (i : 1 .. NODES) { if :: deadOn[i] == logRecord -> deadOn[i] = 0 :: else fi }
       version[logRecord] = FREE; prev[logRecord] = 0;
       nodeA[logRecord] = 0; nodeB[logRecord] = 0;
       logRecord = 0
    :: else
    fi;
    i = 0
  });
  AT(d_step { if :: logNode != 0 -> birth[logNode] = FREE; logNode = 0 :: else fi });
  AT(d_step { if :: logTag != 0 -> tagOf[logTag] = FREE; logTag = 0 :: else fi });
  PHASE(0)
}

inline commit() {
  START(version[current] + 1);
  allocateNode();
  allocateRecord();
  write();
  if
  :: AT(current = n);                         /* the commit point */
     AT(publishedLo = version[n]);
     n = 0; i = 0;
     PHASE(1);
     dropLog();
     reclaim();
     PHASE(0)
  :: n = 0; i = 0; undo()                     /* aborted */
  fi;
  AT(dirty = 0)
}

/* Tags the present version. The old root is in limbo before readers lose it. */
inline changeTag() {
  START(NOBODY);
  PHASE(1);
  AT(d_step {
    i = 1; do :: tagOf[i] != FREE -> i++ :: else -> break od;
    tagOf[i] = UNWRITTEN
  });
  AT(logTag = i);
  PHASE(0);
  AT(tagOf[i] = current);
  n = tagRoot;
  PHASE(1);
  AT(tagged[current] = 1);
#ifndef MUTANT_LIMBO_LATE
  AT(d_step { if :: n != 0 -> limbo[n] = version[current] :: else fi });
#endif
  AT(tagRoot = i);
#ifdef MUTANT_LIMBO_LATE
  AT(d_step { if :: n != 0 -> limbo[n] = version[current] :: else fi });
#endif
  AT(d_step { if :: n != 0 && tagOf[n] != current -> tagged[tagOf[n]] = 0 :: else fi });
  n = 0; i = 0;
  dropLog();
  reclaim();
  PHASE(0);
  AT(dirty = 0)
}

inline maintain() {
  START(NOBODY);
  PHASE(1);
  reclaim();
  PHASE(0);
  AT(dirty = 0)
}

/* ── Reclamation ─────────────────────────────────────────────────────────────────────────────── */

inline lookAtOp(line) {
  AT(d_step {
    if
    :: op[line] != IDLE && LIMIT(op[line]) < limit -> limit = LIMIT(op[line])
    :: else
    fi
  })
}

inline lookAtPin(line) {
  AT(d_step {
    if
    :: pin[line] != 0 -> assert(version[pin[line]] <= LAST); stamped[pin[line]] = 1
    :: else
    fi
  })
}

/* The oldest record from version s on that may go, and its neighbours; r is 0 if there is none. */
inline locate() {
  r = 0;
  do
  :: s < oldest && r == 0 ->
     n = current;
     do
     :: prev[n] != 0 && version[prev[n]] > s -> n = prev[n]
     :: else -> break
     od;
     r = prev[n];
     if
     :: r != 0 && (version[r] != s || stamped[r] || tagged[r] || s + 1 >= limit) -> r = 0
     :: else
     fi;
     s++
  :: else -> break
  od;
  if
  :: r != 0 -> p = prev[r]
  :: else -> n = 0; s = 0
  fi
}

inline freeNode() {
  assert(birth[i] <= LAST);
  birth[i] = FREE;
  deadOn[i] = 0
}

/* n takes over the list of r, unlinked between p and n. */
inline inherit() {
  for (i : 1 .. NODES) {
    if
    :: deadOn[i] == r && p == 0 -> freeNode()
    :: deadOn[i] == r && p != 0 -> deadOn[i] = n
    :: deadOn[i] == n && (p == 0 || birth[i] > version[p]) -> freeNode()
    :: else
    fi
  }
  i = 0
}

#define UNLINK AT(prev[n] = p)
#define FREE_RECORD AT(d_step { \
    version[r] = FREE; prev[r] = 0; nodeA[r] = 0; nodeB[r] = 0; tagged[r] = 0 \
  })

inline reclaim() {
  AT(oldest = version[current]);
  limit = NO_HINT;
  lookAtOp(0);
  lookAtPin(0);
  lookAtOp(1);
  lookAtPin(1);
  do
  :: d_step { locate(); skip }
     if
     :: r != 0 ->
#ifdef MUTANT_UNLINK_LATE
        AT(d_step { inherit(); skip });
        FREE_RECORD;
        UNLINK;
#else
        UNLINK;
        AT(d_step { inherit(); skip });
        FREE_RECORD;
#endif
        d_step { r = 0; n = 0; p = 0 }
     :: else -> break
     fi
  od;
  AT(d_step {
    for (i : 1 .. TAG_NODES) {
      if
      :: limbo[i] != FREE && limbo[i] + 1 <= limit -> tagOf[i] = FREE; limbo[i] = FREE
      :: else
      fi
    }
#ifdef MUTANT_GLOBAL_DEAD_LIST
    for (i : 1 .. NODES) {
      if
      :: pending[i] != 0 && pending[i] <= limit && prev[current] == 0 ->
         freeNode();
         pending[i] = 0
      :: else
      fi
    }
#endif
    for (i : 1 .. RECORDS) { stamped[i] = 0 }
    i = 0; limit = 0
  })
}

/* ── Recovery ────────────────────────────────────────────────────────────────────────────────── */

/* Marks the chain and the tags; private, for it only reads words that no thread changes meanwhile. */
inline mark() {
  n = current;
  do
  :: n != 0 ->
     assert(version[n] <= LAST);              /* a record of the chain is in use */
     seenRecord[n] = 1;
#ifdef MUTANT_CURRENT_ONLY
     prev[n] = 0;
#endif
     n = prev[n]
  :: else -> break
  od;
  if
  :: tagRoot != 0 -> seenTag[tagRoot] = 1
  :: else
  fi
}

/* Node i is read by record n. */
#define READS(n, i) (nodeA[n] == i || nodeB[n] == i)

/* A node first marked at a record belongs to the record after it; `i` is not marked if r is 0. */
inline relist() {
  r = current;
  n = 0;
  do
  :: r != 0 && !READS(r, i) -> n = r; r = prev[r]
  :: else -> break
  od;
  if
  :: r == 0 -> birth[i] = FREE; deadOn[i] = 0
  :: else -> deadOn[i] = n; assert(birth[i] <= LAST)
  fi
}

inline recover() {
  if
  :: phase == 0 && version[current] < logVersion -> undo()
#ifdef MUTANT_UNDO_ALWAYS
  :: phase == 0 && version[current] >= logVersion -> undo()
#endif
  :: else ->
     AT(phase = 1);
     dropLog();
     AT(publishedLo = version[current]);
     d_step { mark(); skip }
     /* The allocator: an unmarked cell is free. */
     AT(d_step {
       for (i : 1 .. RECORDS) {
         tagged[i] = 0; stamped[i] = 0;
         if
         :: !seenRecord[i] -> version[i] = FREE; prev[i] = 0; nodeA[i] = 0; nodeB[i] = 0
         :: else
         fi;
         seenRecord[i] = 0
       }
       i = 0
     });
     /* The dead lists. */
     AT(d_step {
       for (i : 1 .. NODES) {
         relist();
#ifdef MUTANT_GLOBAL_DEAD_LIST
         pending[i] = 0
#endif
       }
       i = 0; r = 0; n = 0
     });
     /* Tags: counts, and limbo, which stays except for nodes that the root still reaches. */
     AT(d_step {
       if
       :: tagRoot != 0 -> tagged[tagOf[tagRoot]] = 1
       :: else
       fi;
       for (i : 1 .. TAG_NODES) {
         if
         :: seenTag[i] -> limbo[i] = FREE
#ifdef MUTANT_REUSE_AT_ONCE
         :: else -> tagOf[i] = FREE; limbo[i] = FREE
#else
#ifdef QUARANTINE
         :: !seenTag[i] && tagOf[i] != FREE -> limbo[i] = version[current] + 1
#else
         :: !seenTag[i] && limbo[i] == FREE -> tagOf[i] = FREE
#endif
         :: else
#endif
         fi;
         seenTag[i] = 0
       }
       i = 0
     });
     AT(phase = 0)
  fi;
  check();
  AT(dirty = 0)
}

/* Each cell is reachable, waiting, or free, after any death. */
inline check() {
  d_step {
    assert(publishedLo == version[current] && phase == 0);
    assert(logRecord == 0 && logNode == 0 && logTag == 0);
    n = current;
    do :: n != 0 -> seenRecord[n] = 1; n = prev[n] :: else -> break od;
    for (i : 1 .. RECORDS) {
      assert(seenRecord[i] == (version[i] != FREE));
      seenRecord[i] = 0
    }
    for (i : 1 .. NODES) {
      if
      :: birth[i] == FREE -> assert(deadOn[i] == 0)
      :: READS(current, i) -> assert(deadOn[i] == 0 && birth[i] <= LAST)
      :: else ->
#ifndef MUTANT_GLOBAL_DEAD_LIST
         assert(deadOn[i] != 0 && version[deadOn[i]] <= LAST)
#endif
         skip
      fi
    }
    for (i : 1 .. TAG_NODES) {
      assert((tagOf[i] == FREE) == (i != tagRoot && limbo[i] == FREE));
      assert(i != tagRoot || limbo[i] == FREE)
    }
    i = 0
  }
}

proctype Owner() {
end:
  do
  :: turns < TURNS ->
     turns++;
     if
     :: dirty -> recover()
     :: else
     fi;
     check();
     if
     :: version[current] < LAST -> commit()
#ifndef NO_TAGS
     :: tagOf[1] == FREE || tagOf[2] == FREE -> changeTag()
#endif
     :: maintain()
     fi;
     check()
  :: false ->
died:
     skip;
     /* The owner's private words are gone; some thread buries it: CAS(lock, its id, 0). */
     d_step {
       limit = 0; n = 0; s = 0; p = 0; r = 0; i = 0; was = 0;
       for (i : 1 .. RECORDS) { seenRecord[i] = 0 }
       for (i : 1 .. TAG_NODES) { seenTag[i] = 0 }
       i = 0
     }
  od
}

init {
  d_step {
    for (i : 2 .. RECORDS) { version[i] = FREE }
    for (i : 3 .. NODES) { birth[i] = FREE }
    for (i : 1 .. TAG_NODES) { tagOf[i] = FREE; limbo[i] = FREE }
    nodeA[1] = 1; nodeB[1] = 2;
    i = 0
  }
  atomic {
    run Reader(0); run Reader(1);
    run Owner()
  }
}
