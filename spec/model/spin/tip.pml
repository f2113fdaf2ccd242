/*
 * The tip: versions are staged, made durable together, and only then read (docs/decisions/0033-tip.md). Two
 * threads write; each may die at any step, and a new one with an id of its own takes its place; the disk may be
 * full, or fail. With RECLAIM records are freed and given out again, and a reader reads.
 *
 * The log is a row of places, one for each change. `sure` says which of them a crash of the system leaves whole:
 * what was written before a sync began, and not again since, once that sync has returned. A sync that fails loses
 * what it should have made durable, and says so once: a later one succeeds and does not bring it back. Taking the
 * lock from a dead owner, and recovery, are one step: lock.pml and recovery.pml have them.
 *
 * A step is one load, store or CAS of a shared word, or the begin or the end of a call of the disk. Joined steps,
 * and why they hide nothing:
 * - what only the lock's owner looks at or changes (slots of the end, records not yet published) goes with the
 *   owner's next step; so does a load of TIP by the owner, for nobody else stores it.
 * - the load of TIP and the begin of the sync: what is written in between only makes the sync cover more.
 * - the scan of announcements and the frees, and an announcement of a writing thread: reclaim.pml has them.
 * - a sync that fails after its thread has been replaced as the syncer, and the store of FAILED. This does hide
 *   something: see the README.
 *
 * Checked: what can be read, and what a verb returned or threw from, is certain to be found after a crash of the
 * system at any step; each change has one record in the log, and tags are those that the log has; CURRENT never
 * goes back; no record is freed that a reader has; no end state in which a thread waits; with LIVE, under weak
 * fairness, all threads finish.
 *
 * Set from outside: ROUNDS (verbs of each thread), TAGS (changes of tags), DEATHS, STALLS (living syncers that are
 * replaced), FAILS, FULLS (appends without room), RECLAIM, LIVE, MUTANT_...
 */
#ifndef THREADS
#define THREADS 2
#endif
#ifndef ROUNDS
#define ROUNDS 2
#endif
#ifndef TAGS
#define TAGS 0
#endif
#ifndef DEATHS
#define DEATHS 0
#endif
#ifndef STALLS
#define STALLS 0
#endif
#ifndef FAILS
#define FAILS 0
#endif
#ifndef FULLS
#define FULLS 0
#endif
#define IDS (THREADS + DEATHS)
#define LAST (THREADS * ROUNDS)
#define FREE 255

/* Shared memory. References of records count from 0; an announcement is a hint + 1. */
byte tip, current, published, oldest, tagRoot;
bit side;                       /* which slot has the end that counts: a part of TIP's word */
byte slot[2];                    /* the slots: places in use */
byte lock, syncer;              /* an id, or 0 */
bit failed;
byte intentRoot;
bit intentSide;
byte op[THREADS + 1];
byte version[LAST + 1];

/* The disk: sets of places. */
byte written, sure, lost, covers[THREADS];

/* Ghosts: changes published, and of them tags; behind which place a version, or the last tag, is in the log. */
byte changes, tags, place[LAST + 1], tagPlace;
bit ill;                        /* a sync has failed; FAILED is not yet stored */
bit alive[IDS + 1];
byte deaths, stalls, fails, fulls, finished, lastId = THREADS;
hidden byte i, k;

#ifdef LIVE
ltl all { <> (finished == THREADS) }
#endif

#define MAYBE_DIE if :: true :: deaths < DEATHS -> deaths++; goto died fi
/* A step before which the thread may die. */
#define AT(step) atomic { MAYBE_DIE; step }
#define OWN(step) atomic { MAYBE_DIE; assert(lock == id); step }

#define BELOW(n) ((1 << (n)) - 1)
/* Never lowered. */
#define RAISE(v) published = (published > (v) -> published : (v))
#ifdef RECLAIM
#define ANNOUNCE op[me] = published + 1
#else
#define ANNOUNCE skip
#endif

#define CERTAIN(n) assert((sure & BELOW(n)) == BELOW(n))

/* May the syncer be replaced? */
#ifdef MUTANT_DEAD_STAYS
#define VACANT (syncer == 0)
#else
#define VACANT (syncer == 0 || !alive[syncer])
#endif
#define STALLED (syncer != 0 && alive[syncer] && stalls < STALLS && !ill)

inline write(p) {
  d_step {
    assert(p == changes);       /* what has been published stays */
    written = written | (1 << p);
    sure = sure & ~(1 << p);
    lost = lost & ~(1 << p);
    i = 0;
    do
    :: i < THREADS -> covers[i] = covers[i] & ~(1 << p); i++
    :: else -> break
    od
  }
}

#define SYNC_BEGINS covers[me] = written
#define SYNC_ENDS d_step { sure = sure | (covers[me] & ~lost); covers[me] = 0 }

/* The call fails, and the one who called stores that; it does not die in between. */
inline syncFails() {
  atomic {
    fails < FAILS;
    fails++;
    lost = lost | (written & ~sure);
    covers[me] = 0;
    if
    :: syncer == id -> ill = 1
    :: else -> failed = 1
    fi
  }
#ifdef MUTANT_DEATH_UNHEARD
  atomic { if :: true :: deaths < DEATHS -> deaths++; ill = 0; goto died fi; failed = 1; ill = 0 }
#else
#ifndef MUTANT_RETRY
  atomic { failed = 1; ill = 0 }
#else
  ill = 0
#endif
#endif
}

/* A CAS; if it fails, `again` looks anew. */
#define TAKE_SYNCER(again) \
  atomic { \
    MAYBE_DIE; \
    if \
    :: VACANT -> syncer = id \
    :: STALLED -> stalls++; syncer = id \
    :: else -> goto again \
    fi \
  }

inline giveSyncer() {
#ifdef MUTANT_GIVE_STORED
  AT(syncer = 0)
#else
  atomic {
    MAYBE_DIE;
    if
    :: syncer == id -> syncer = 0
    :: else
    fi
  }
#endif
}

/* A dead owner's record that TIP does not reach goes; its intent is applied if TIP's bit says so. */
inline recover() {
  d_step {
    i = 0;
    do
    :: i <= LAST ->
       if
       :: version[i] != FREE && version[i] > version[tip] -> version[i] = FREE
       :: else
       fi;
       i++
    :: else -> break
    od;
    if
    :: intentRoot != 0 && intentSide == side -> tagRoot = intentRoot
    :: else
    fi;
#ifndef MUTANT_INTENT_KEPT
    intentRoot = 0
#endif
  }
}

/* Makes a record in the lowest free cell. */
inline build() {
  d_step {
    new = 0;
    do
    :: version[new] != FREE -> new++
    :: else -> break
    od;
    version[new] = version[tip] + 1
  }
}

/* Frees what is below the window and no hint covers. */
inline reclaim() {
  d_step {
    i = 0;
    k = oldest;
    do
    :: i <= THREADS ->
       if
       :: op[i] != 0 && op[i] - 1 < k -> k = op[i] - 1
       :: else
       fi;
       i++
    :: else -> break
    od;
    i = 0;
    do
    :: i <= LAST ->
       if
       :: version[i] != FREE && version[i] < k -> version[i] = FREE
       :: else
       fi;
       i++
    :: else -> break
    od
  }
}

/* The one store that publishes a change and moves the log's end; TIP's own record for one without a version. */
#define STORE_TIP(record) \
  d_step { assert(at == changes); changes++; tip = record; side = 1 - side }

proctype Thread(byte me) {
  byte id = me + 1, rounds, mine, at, new, cur, seen;

next:
  if
  :: rounds == ROUNDS -> goto leave
  :: else
  fi;
  atomic {
    if
    :: lock == 0
    :: lock != 0 && !alive[lock] -> recover()
    fi;
    lock = id;
    rounds++;
    at = slot[side];
    assert(tagRoot == tags)     /* what the log says */
  }
  atomic {
    MAYBE_DIE;
    if
    :: failed ->
#ifdef MUTANT_TIP_BACK
       tip = current;
       recover();
#endif
       lock = 0;
       at = 0;
       goto leave
    :: else
    fi
  }
  if
  :: version[tip] != 0 ->       /* a conflict with the tip, a no-op, a throw */
     atomic { MAYBE_DIE; at = 0; mine = version[tip]; lock = 0 }
#ifdef MUTANT_CONFLICT_EARLY
     goto settled;
#endif
     goto settle
#ifndef RECLAIM                 /* to keep this one small */
  :: version[tip] != 0 ->       /* beginWrite: it settles while it owns the lock */
     d_step { at = 0; mine = version[tip] }
     goto settle
#endif
  :: tags < TAGS -> goto tag
  :: fulls < FULLS ->           /* no room: the end stays, and nothing has changed */
     atomic { fulls++; lock = 0; at = 0 }
     goto next
  :: fails < FAILS ->           /* another error of a write */
     atomic { MAYBE_DIE; fails++; failed = 1 }
     atomic { lock = 0; at = 0 }
     goto leave
  :: true
  fi;

  /* Commit. */
  OWN(build(); write(at));
#ifdef MUTANT_TIP_FIRST
  OWN(changes++; tip = new);
  OWN(slot[1 - side] = at + 1; side = 1 - side);
#else
#ifdef MUTANT_END_FIRST
  OWN(slot[1 - side] = at + 1; side = 1 - side);
  OWN(assert(at == changes); changes++; tip = new);
#else
#ifdef MUTANT_SAME_SLOT
  OWN(slot[side] = at + 1);
  OWN(assert(at == changes); changes++; tip = new);
#else
  OWN(slot[1 - side] = at + 1);
  OWN(STORE_TIP(new));
#endif
#endif
#endif
  d_step { mine = version[new]; place[mine] = at + 1; at = 0; new = 0 }
#ifdef MUTANT_EXPOSED
  OWN(current = tip; CERTAIN(place[version[current]]));
#endif
  OWN(lock = 0);

settle:
  /* Until it can be read: by another thread's sync, or by this one's. */
  if
  :: published >= mine -> goto settled
  :: published < mine && failed -> goto failure
  :: published < mine && !failed && (VACANT || STALLED)
  fi;
  TAKE_SYNCER(settle);
#ifndef MUTANT_NO_HINT
  AT(ANNOUNCE);
#endif
  AT(cur = current);
#ifdef MUTANT_TIP_LATE
  AT(SYNC_BEGINS);
#else
  AT(seen = tip; SYNC_BEGINS);
#endif
#ifdef MUTANT_CURRENT_EARLY
  AT(current = seen; CERTAIN(place[version[current]]));
#endif
  if
  :: AT(SYNC_ENDS)
  :: syncFails();
#ifdef MUTANT_RETRY
     giveSyncer();
     d_step { op[me] = 0; cur = 0; seen = 0 }
     goto settle
#else
     giveSyncer();
     goto failure
#endif
  fi;
#ifdef MUTANT_TIP_LATE
  AT(seen = tip);
#endif
#ifndef MUTANT_UNCHECKED
  atomic {
    MAYBE_DIE;
    if
    :: syncer != id -> op[me] = 0; cur = 0; seen = 0; goto settle
    :: else
    fi
  }
#endif
#ifndef MUTANT_FAILED_UNSEEN
  /* Another one's sync may have failed since this thread looked. */
  if
  :: failed -> giveSyncer(); goto failure
  :: else
  fi;
#endif
#ifdef MUTANT_PUBLISHED_FIRST
  AT(RAISE(version[seen]));
#endif
  atomic {
    MAYBE_DIE;
    if
#ifdef MUTANT_STORED
    :: true ->
#else
    :: current == cur ->
#endif
       assert(version[seen] != FREE && version[seen] >= version[current]);
       current = seen;
       CERTAIN(place[version[current]])
    :: else
    fi
  }
#ifdef MUTANT_CAS_IGNORED
  AT(RAISE(version[seen]));
#else
  atomic { MAYBE_DIE; assert(version[current] != FREE); seen = version[current] }
#ifdef MUTANT_PUBLISHED_STORED
  AT(published = seen);
#else
  AT(RAISE(seen));
#endif
#endif
  giveSyncer();
  d_step { op[me] = 0; cur = 0; seen = 0 }
  goto settle;

settled:
  atomic {
    assert(version[current] >= mine);
    CERTAIN(place[mine]);
    assert(lock != id || version[current] == version[tip]);
    mine = 0
  }
#ifndef RECLAIM
  if
  :: lock == id -> OWN(lock = 0)
  :: else
  fi;
#else
  /* Bounds, if the lock is free. */
  atomic {
    MAYBE_DIE;
    if
    :: lock == 0 -> lock = id
    :: else -> goto next
    fi
  }
#ifdef MUTANT_RECLAIM_TIP
  OWN(oldest = version[tip]);
#else
  OWN(assert(version[current] >= oldest); oldest = version[current]);
#endif
  OWN(reclaim());
  OWN(lock = 0);
#endif
  goto next;

tag:
  /* A change that makes no version is durable before it is published. */
  OWN(write(at));
#ifndef MUTANT_TAG_ALONE
sync:
  (VACANT || STALLED);
  TAKE_SYNCER(sync);
#endif
  OWN(SYNC_BEGINS);
  if
  :: OWN(SYNC_ENDS)
  :: syncFails();
     giveSyncer();
     goto failure
  fi;
#ifndef MUTANT_TAG_ALONE
  /* Replaced in between: it is not known whether the other's sync has failed. */
  atomic {
    MAYBE_DIE;
    if
    :: syncer != id -> goto sync
    :: else
    fi
  }
#endif
  atomic {
    MAYBE_DIE;
    if
    :: failed -> giveSyncer(); goto failure
    :: else
    fi
  }
#ifndef MUTANT_TAG_ALONE
  giveSyncer();
#endif
  OWN(slot[1 - side] = at + 1);
#ifndef MUTANT_NO_INTENT
#ifdef MUTANT_INTENT_ROOT_FIRST
  OWN(intentRoot = tags + 1);
  OWN(intentSide = 1 - side);
#else
  OWN(intentSide = 1 - side);
  OWN(intentRoot = tags + 1);
#endif
#endif
  OWN(STORE_TIP(tip); tags++; tagPlace = changes);
  OWN(tagRoot = tags; CERTAIN(tagPlace));
#ifndef MUTANT_NO_INTENT
  OWN(intentRoot = 0);
#endif
  atomic { MAYBE_DIE; lock = 0; at = 0 }
  goto next;

failure:
  atomic { op[me] = 0; at = 0; cur = 0; seen = 0; mine = 0 }
  if
  :: lock == id -> OWN(lock = 0)
  :: else
  fi;
  goto leave;

died:
  atomic {
    alive[id] = 0;
    op[me] = 0;
    covers[me] = 0;
    d_step { mine = 0; at = 0; new = 0; cur = 0; seen = 0 }
    lastId++;
    id = lastId;
    alive[id] = 1
  }
  goto next;
leave:
  finished++
}

#ifdef RECLAIM
/* Hint, announcement, CURRENT, a look; for ever. */
proctype Reader() {
  byte hint, ref, want;
end:
  do
  :: hint = published;
     d_step { op[THREADS] = hint + 1; want = hint; hint = 0 }
     d_step { ref = current; assert(version[ref] != FREE && version[ref] >= want); want = version[ref] }
     d_step {
       assert(version[ref] == want);
       CERTAIN(place[want]);
       op[THREADS] = 0;
       ref = 0;
       want = 0
     }
  od
}
#endif

init {
  atomic {
    byte t;
    t = 1;
    do
    :: t <= LAST -> version[t] = FREE; t++
    :: else -> break
    od;
    t = 0;
    do
    :: t < THREADS -> alive[t + 1] = 1; run Thread(t); t++
    :: else -> break
    od;
#ifdef RECLAIM
    run Reader()
#endif
  }
}
