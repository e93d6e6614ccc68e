/* Lists of the quantised weight types, for the tables and wrappers that the kernel sets generate.
 */
#ifndef ENGINE_KERNELS_TYPES_H
#define ENGINE_KERNELS_TYPES_H

/* By block length: X(constant's suffix, function's suffix). */
#define QUANT_TYPES_32(X)                                                                          \
    X(Q4_0, q4_0) X(Q4_1, q4_1) X(Q5_0, q5_0) X(Q5_1, q5_1) X(Q8_0, q8_0) X(IQ4_NL, iq4_nl)
#define QUANT_TYPES_256(X)                                                                         \
    X(Q2_K, q2_k) X(Q3_K, q3_k) X(Q4_K, q4_k) X(Q5_K, q5_k) X(Q6_K, q6_k) X(IQ4_XS, iq4_xs)
#define QUANT_TYPES(X) QUANT_TYPES_32(X) QUANT_TYPES_256(X)

#endif
