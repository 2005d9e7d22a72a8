-- Pages of random products, with ids from 1 to PRODUCTS.
local products = tonumber(os.getenv("PRODUCTS"))
math.randomseed(os.time())

request = function()
  return wrk.format("GET", "/products/" .. math.random(products))
end
