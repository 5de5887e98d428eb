//! Least squares for the two laws. Each law is linear in suitable parameters. Residuals are relative, because short and
//! long durations are known equally well.

/// T(1) and the serial share s of Amdahl's law. The law is T(n) = a + b / n with s = a / (a + b); s is kept from 0 to 1.
pub(super) fn amdahl(counts: &[f64], times_s: &[f64]) -> (f64, f64) {
    let columns: Vec<Vec<f64>> = vec![vec![1.0; counts.len()], counts.iter().map(|n| 1.0 / n).collect()];
    let fitted = least_squares(&columns, times_s).unwrap_or_else(|| vec![times_s[0], 0.0]);
    let one = |column: &[f64]| least_squares(&[column.to_vec()], times_s).map_or(times_s[0], |fitted| fitted[0]);
    match (fitted[0], fitted[1]) {
        // At an end of its range the share is fixed, and one parameter is left to fit.
        (serial, parallel) if serial < 0.0 && parallel > 0.0 => (one(&columns[1]), 0.0),
        (_, parallel) if parallel < 0.0 => (one(&columns[0]), 1.0),
        (serial, parallel) => (serial + parallel, serial / (serial + parallel)),
    }
}

/// T(1), the contention a and the coherency b of the Universal Scalability Law, n T(n) = T(1) (1 + a (n - 1) + b n (n - 1)).
/// a and b are at least 0.
pub(super) fn usl(counts: &[f64], times_s: &[f64]) -> Option<(f64, f64, f64)> {
    let columns: [Vec<f64>; 3] = [
        vec![1.0; counts.len()],
        counts.iter().map(|n| n - 1.0).collect(),
        counts.iter().map(|n| n * (n - 1.0)).collect(),
    ];
    let values: Vec<f64> = counts.iter().zip(times_s).map(|(n, time)| n * time).collect();
    // Every choice of parameters that may differ from 0. Of the fits without a negative parameter the closest is taken.
    [&[0, 1, 2][..], &[0, 1], &[0, 2], &[0]]
        .into_iter()
        .filter_map(|kept| {
            let chosen: Vec<Vec<f64>> = kept.iter().map(|&column| columns[column].clone()).collect();
            let mut all = [0.0; 3];
            for (&column, fitted) in kept.iter().zip(least_squares(&chosen, &values)?) {
                all[column] = fitted;
            }
            let error: f64 = (0..values.len())
                .map(|row| (0..3).map(|column| all[column] * columns[column][row]).sum::<f64>() / values[row] - 1.0)
                .map(|relative| relative * relative)
                .sum();
            (all[0] > 0.0 && all[1] >= 0.0 && all[2] >= 0.0).then_some((error, all))
        })
        .min_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, [one, contention, coherency])| (one, contention / one, coherency / one))
}

/// The coefficients of `columns` that come closest to `values`, with each difference relative to its value. `None` if
/// there is no unique answer.
fn least_squares(columns: &[Vec<f64>], values: &[f64]) -> Option<Vec<f64>> {
    let size = columns.len();
    let product = |a: &[f64], b: &[f64]| -> f64 {
        a.iter().zip(b).zip(values).map(|((a, b), value)| a * b / (value * value)).sum()
    };
    // The normal equations. Each row ends with its right-hand side.
    let mut rows: Vec<Vec<f64>> = columns
        .iter()
        .map(|column| {
            columns.iter().map(|other| product(column, other)).chain([product(column, values)]).collect::<Vec<f64>>()
        })
        .collect();
    for pivot in 0..size {
        let largest = (pivot..size).max_by(|&a, &b| rows[a][pivot].abs().total_cmp(&rows[b][pivot].abs()))?;
        rows.swap(pivot, largest);
        let row = rows[pivot].clone();
        if row[pivot].abs() < f64::EPSILON * row.iter().fold(0.0, |most: f64, x| most.max(x.abs())) {
            return None;
        }
        for (index, other) in rows.iter_mut().enumerate().filter(|(index, _)| *index != pivot) {
            let factor = other[pivot] / row[pivot];
            debug_assert!(index != pivot);
            other.iter_mut().zip(&row).for_each(|(entry, above)| *entry -= factor * above);
        }
    }
    Some((0..size).map(|index| rows[index][size] / rows[index][index]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_law_that_holds_exactly_is_found() {
        let counts = [1.0, 2.0, 3.0, 4.0, 8.0];
        let times: Vec<f64> = counts.iter().map(|n| 5.0 * (0.2 + 0.8 / n)).collect();
        let (one, serial) = amdahl(&counts, &times);
        assert!((one - 5.0).abs() < 1e-9 && (serial - 0.2).abs() < 1e-9);

        let times: Vec<f64> = counts.iter().map(|n| 2.0 * (1.0 + 0.1 * (n - 1.0) + 0.02 * n * (n - 1.0)) / n).collect();
        let (one, contention, coherency) = usl(&counts, &times).unwrap();
        assert!((one - 2.0).abs() < 1e-6 && (contention - 0.1).abs() < 1e-6 && (coherency - 0.02).abs() < 1e-6);
    }

    #[test]
    fn shares_stay_between_0_and_1() {
        let (one, serial) = amdahl(&[1.0, 2.0], &[1.0, 0.4]);
        assert_eq!(serial, 0.0, "faster than perfect, {one}");
        assert_eq!(amdahl(&[1.0, 2.0], &[1.0, 1.5]).1, 1.0);
        let (_, contention, coherency) = usl(&[1.0, 2.0, 3.0, 4.0, 5.0], &[1.0, 0.4, 0.3, 0.2, 0.1]).unwrap();
        assert_eq!((contention, coherency), (0.0, 0.0));
    }
}
