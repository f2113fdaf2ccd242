/*
 * A node with a log, and pointers that count its units (docs/decisions/0038-logged-nodes.md): readers of the present and
 * of older versions look into it while owners append, overwrite what those before them left behind, copy the node when
 * its log is full, give up, or die at any step; and while versions, entries and nodes are freed and used again.
 *
 * One node of SLOTS slots, which is the root of each version. That a reader's version is kept, and what is freed when a
 * version goes, is reclaim.pml's concern: here a reader takes the present version and holds it in one step, and an
 * owner lets go of a version that nobody holds in one. An entry tells for which version and slot it was written.
 *
 * A step is one load or store of a shared word. Joined: an entry is filled, or a node is copied, where nobody sees it.
 *
 * Set from outside: LAST (versions are 0 … LAST), LOG (units of a node), GIVE_UPS, READERS, MUTANT_…
 */
#ifndef LAST
#define LAST 3
#endif
#ifndef LOG
#define LOG 2
#endif
#ifndef GIVE_UPS
#define GIVE_UPS 2
#endif
#ifndef READERS
#define READERS 2
#endif
#define SLOTS 2
#define NODES 4
#define ENTRIES (LAST + 3)

#define FREE 255
#define NONE 254
/* What an entry tells: the version that wrote it, and its slot. */
#define TELLS(v, s) ((v) * SLOTS + (s))

/* Entries; nodes: their own entries, units, and the bits of slots that a unit may have changed. Nodes count from 1. */
byte entry[ENTRIES] = FREE;
byte own[NODES * SLOTS + SLOTS] = NONE;
byte unitSlot[NODES * LOG + LOG] = NONE, unitEntry[NODES * LOG + LOG] = NONE;
bit changed[NODES * SLOTS + SLOTS];
bit used[NODES + 1];

/* Records: the pointer, as node and count. What the present version is, and the oldest. */
byte rootNode[LAST + 1], rootCount[LAST + 1];
byte current, oldest, held[READERS] = NONE;

/* What each version holds in each slot, for the assertions alone. */
byte truth[(LAST + 1) * SLOTS];

/* Private to the owner. */
byte gaveUp, node, count, slot, fresh, copy, i, j, r, e;
bit found;

#define OWN(n, s) own[(n) * SLOTS + (s)]
#define CHANGED(n, s) changed[(n) * SLOTS + (s)]
#define UNIT_SLOT(n, u) unitSlot[(n) * LOG + (u)]
#define UNIT_ENTRY(n, u) unitEntry[(n) * LOG + (u)]

/* ── Readers ─────────────────────────────────────────────────────────────────────────────────── */

proctype Reader(byte me) {
  byte at, n, c, s, u, ref;
  bit isFound;
end:
  do
  :: atomic { at = current; held[me] = at; n = rootNode[at]; c = rootCount[at] }
     do
     :: true ->
        if
        :: s = 0
        :: s = 1
        fi
        isFound = false;
        ref = NONE;
#ifdef MUTANT_BASE_FIRST
        d_step { ref = OWN(n, s); assert(ref < ENTRIES && entry[ref] != FREE) }
#endif
        if
#ifdef MUTANT_NO_COUNT
        :: u = LOG
#else
        :: c == 0 -> u = 0
        :: c > 0 ->
           if
           :: CHANGED(n, s) -> u = c
           :: else -> u = 0
           fi
#endif
        fi
        do
        :: u > 0 && !isFound ->
           u--;
           if
           :: UNIT_SLOT(n, u) == s -> isFound = true; ref = UNIT_ENTRY(n, u)
           :: else
           fi
        :: else -> break
        od
        if
        :: !isFound -> ref = OWN(n, s)
        :: else
        fi;
        skip;
        d_step {
          assert(ref < ENTRIES);
          assert(entry[ref] == truth[at * SLOTS + s]);    /* alive, and what the version holds */
          ref = 0; u = 0; s = 0; isFound = false
        }
     :: true -> break
     od;
     skip;
     d_step { held[me] = NONE; at = 0; n = 0; c = 0 }
  od
}

/* ── The owner ───────────────────────────────────────────────────────────────────────────────── */

/* The entry of a slot by the pointer (node, count), into `e`. */
inline resolve(n, c, s) {
  e = OWN(n, s);
  i = 0;
  do
  :: i < c ->
     if
     :: UNIT_SLOT(n, i) == s -> e = UNIT_ENTRY(n, i)
     :: else
     fi
     i++
  :: else -> break
  od
  i = 0
}

/* Frees what no version that is kept sees any more. */
inline sweep() {
  i = 0;
  do
  :: i < ENTRIES ->
     found = false;
     r = oldest;
     do
     :: r <= current ->
        j = 0;
        do
        :: j < SLOTS -> if :: entry[i] == truth[r * SLOTS + j] -> found = true :: else fi; j++
        :: else -> break
        od;
        r++
     :: else -> break
     od;
     if :: !found -> entry[i] = FREE :: else fi;
     i++
  :: else -> break
  od;
  i = 1;
  do
  :: i <= NODES ->
     found = false;
     r = oldest;
     do
     :: r <= current -> if :: rootNode[r] == i -> found = true :: else fi; r++
     :: else -> break
     od;
     if
     :: !found -> used[i] = 0
     :: else
     fi;
     i++
  :: else -> break
  od;
  i = 0; j = 0; r = 0; found = false
}

inline makeEntry() {
  fresh = 0;
  do
  :: fresh < ENTRIES && entry[fresh] != FREE -> fresh++
  :: else -> break
  od;
  assert(fresh < ENTRIES);
  entry[fresh] = TELLS(current + 1, slot)
}

/* A copy of the node, with the new entry in its slot. */
inline makeCopy() {
  copy = 1;
  do
  :: copy <= NODES && used[copy] -> copy++
  :: else -> break
  od;
  assert(copy <= NODES);
  used[copy] = 1;
  j = 0;
  do
  :: j < SLOTS ->
     resolve(node, count, j);
     OWN(copy, j) = e;
     CHANGED(copy, j) = 0;
     j++
  :: else -> break
  od;
  OWN(copy, slot) = fresh;
  j = 0; e = 0
}

/* Of the version to come, before it can be seen. */
inline prepareTruth() {
  j = 0;
  do
  :: j < SLOTS -> truth[(current + 1) * SLOTS + j] = truth[current * SLOTS + j]; j++
  :: else -> break
  od;
  truth[(current + 1) * SLOTS + slot] = TELLS(current + 1, slot);
  j = 0
}

/* It gives up, or dies and the next owner undoes: what was allocated is freed, what was appended is left behind. */
#define AT(step) \
  if \
  :: step \
  :: gaveUp < GIVE_UPS -> d_step { gaveUp++; entry[fresh] = FREE; if :: copy != 0 -> used[copy] = 0 :: else fi }; goto over \
  fi

proctype Owner() {
  do
  :: current < LAST ->
     d_step { node = rootNode[current]; count = rootCount[current]; copy = 0 }
     if
     :: slot = 0
     :: slot = 1
     fi;
     skip;
     d_step { makeEntry() }
     d_step { prepareTruth() }
#ifdef MUTANT_PUBLISH_FIRST
     if
     :: count < LOG ->
        d_step { rootNode[current + 1] = node; rootCount[current + 1] = count + 1; current++ };
        CHANGED(node, slot) = 1;
        UNIT_ENTRY(node, count) = fresh;
        UNIT_SLOT(node, count) = slot;
        goto over
     :: else
     fi
#endif
     if
     :: count < LOG ->
#ifdef MUTANT_BEHIND
        /* Behind whatever is there, and not behind what the pointer counts. */
        j = count;
        do
        :: j < LOG - 1 && UNIT_SLOT(node, j) != NONE -> j++
        :: else -> break
        od
#else
        j = count;
#endif
        AT(UNIT_SLOT(node, j) = slot);
        AT(UNIT_ENTRY(node, j) = fresh);
#ifndef MUTANT_NO_BIT
        AT(CHANGED(node, slot) = 1);
#endif
        j = 0;
        d_step { rootNode[current + 1] = node; rootCount[current + 1] = count + 1 }
#ifdef MUTANT_OVERWRITE
     :: count == LOG ->
        /* The last unit makes room, though versions count it. */
        AT(UNIT_SLOT(node, LOG - 1) = slot);
        AT(UNIT_ENTRY(node, LOG - 1) = fresh);
        AT(CHANGED(node, slot) = 1);
        d_step { rootNode[current + 1] = node; rootCount[current + 1] = LOG }
#else
     :: else ->
        d_step { makeCopy() }
        AT(skip);
        d_step { rootNode[current + 1] = copy; rootCount[current + 1] = 0 }
#endif
     fi
#ifdef MUTANT_CLEAR_BITS
     /* As if bits were of the newest version alone. */
     CHANGED(node, 1 - slot) = 0;
#endif
     AT(current = current + 1);
over:
     skip;
     d_step { fresh = 0; copy = 0; slot = 0; node = 0; count = 0; j = 0 }
  /* Versions before the present one go, if nobody holds one; then what only they saw. */
  :: oldest < current ->
     d_step {
       r = 0;
       found = false;
       do
       :: r < READERS -> if :: held[r] <= oldest -> found = true :: else fi; r++
       :: else -> break
       od;
       if
       :: !found -> oldest++; sweep()
       :: else -> r = 0; found = false
       fi
     }
  :: current == LAST && oldest == current -> break
  od
}

init {
  d_step {
    i = 0;
    do
    :: i < SLOTS -> entry[i] = TELLS(0, i); OWN(1, i) = i; truth[i] = TELLS(0, i); i++
    :: else -> break
    od;
    i = 0;
    used[1] = 1;
    rootNode[0] = 1
  }
  atomic {
    run Reader(0);
#if READERS > 1
    run Reader(1);
#endif
    run Owner()
  }
}
