/**
 * Input is either the numbers themselves or {count, seed}: then the numbers are made from the seed and only a digest of the sorted
 * sequence travels back (first, last, and the sum of position times value, modulo 2^32).
 */
function input(numbers) {
  if (Array.isArray(numbers)) {
    const wrong = numbers.findIndex((n) => typeof n !== 'number' || Number.isNaN(n));
    if (wrong >= 0) throw new RangeError(`entry ${wrong} is not a number: ${JSON.stringify(numbers[wrong])}`);
    return numbers.slice();
  }
  const { count, seed = 1 } = numbers ?? {};
  if (!Number.isInteger(count) || count < 1 || count > 1_000_000) {
    throw new RangeError(`give an array of numbers or {count: 1..1000000, seed}, received ${JSON.stringify(numbers)}`);
  }
  let x = seed >>> 0;
  return Array.from({ length: count }, () => {
    x = (Math.imul(x, 1_664_525) + 1_013_904_223) >>> 0;
    return x;
  });
}

function output(numbers, sorted) {
  if (Array.isArray(numbers)) return sorted;
  const checksum = sorted.reduce((sum, n, i) => (sum + Math.imul(i + 1, n)) >>> 0, 0);
  return { count: sorted.length, first: sorted[0], last: sorted.at(-1), checksum };
}

/** Bubble sort, ascending: O(n^2). */
export function bubble(numbers) {
  const a = input(numbers);
  for (let end = a.length - 1; end > 0; ) {
    let last = 0;
    for (let i = 0; i < end; i++) {
      if (a[i] > a[i + 1]) {
        [a[i], a[i + 1]] = [a[i + 1], a[i]];
        last = i;
      }
    }
    end = last;
  }
  return output(numbers, a);
}

/** Quicksort, ascending, median of three, the smaller half first so that the stack stays short. */
export function quick(numbers) {
  const a = input(numbers);
  const sort = (from, to) => {
    let low = from;
    let high = to;
    while (low < high) {
      const three = [a[low], a[(low + high) >> 1], a[high]].sort((p, q) => p - q);
      const pivot = three[1];
      let i = low;
      let j = high;
      while (i <= j) {
        while (a[i] < pivot) i++;
        while (a[j] > pivot) j--;
        if (i <= j) {
          [a[i], a[j]] = [a[j], a[i]];
          i++;
          j--;
        }
      }
      if (j - low < high - i) {
        sort(low, j);
        low = i;
      } else {
        sort(i, high);
        high = j;
      }
    }
  };
  sort(0, a.length - 1);
  return output(numbers, a);
}
